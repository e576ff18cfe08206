#include "sim/conform/kernel/page_walk.h"

#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "model/arch/decode.h"
#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/needs.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr int kMostTasks = 100'000;  // a list that is longer was changed while it was read

// /proc/cpuinfo of x86-64 says whether the kernel uses five levels.
bool FiveLevels() { return ReadWhole("/proc/cpuinfo").find(" la57") != std::string::npos; }

// arm64's LPA2 (52-bit addresses of small pages) keeps a frame's upper bits where the model of four
// levels has others. A kernel that uses it gives addresses above 48 bits to whoever asks for them.
bool WideArm64() {
  void* const wide = reinterpret_cast<void*>(std::uintptr_t{1} << 50);
  void* const got = mmap(wide, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) return false;
  munmap(got, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  return reinterpret_cast<std::uintptr_t>(got) >> 48 != 0;
}

// riscv64's /proc/cpuinfo says "mmu : sv48".
const Arch* Riscv64OfLevels(bool uffd) {
  const std::string text = ReadWhole("/proc/cpuinfo");
  const std::string options = uffd ? "-svrsw" : "-noext";
  if (text.find(": sv48") != std::string::npos) return FindArch("riscv64" + options);
  const bool three = text.find(": sv39") != std::string::npos;
  return FindArch((three ? "riscv64-sv39" : "riscv64-sv57") + options);
}

// The architecture of this kernel's page tables; null, with the reason, when they are not read. The
// others' tables have another number of levels for each process (s390x), or are not what the
// hardware walks (powerpc64, loongarch64): nobody has held a walk of them against a kernel yet.
const Arch* ArchOfTables(std::string* why) {
  utsname name{};
  uname(&name);
  const std::string machine = name.machine;
  if (machine == "x86_64") return FindArch(FiveLevels() ? "x86_64-5level" : machine);
  if (machine == "riscv64") {
    return Riscv64OfLevels((OfferedFeatures() & uapi::kFeatureWp) != 0);
  }
  if (machine == "aarch64" && !WideArm64()) {
    return FindKernelArch(machine, static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)), true);
  }
  *why = machine == "aarch64" ? "page tables of 52-bit addresses (LPA2) are not read"
                              : "page tables of this architecture are not read";
  return nullptr;
}

}  // namespace

bool PageWalker::Open(std::string* why) {
  if (first_task_ != 0) return true;
  arch_ = ArchOfTables(why);
  if (arch_ == nullptr) return false;
  levels_ = arch_->geometry().levels;
  if (!memory_.Open(why) || !types_.Load(why)) return false;
  first_task_ = KernelSymbol("init_task");
  if (first_task_ == 0) {
    *why = "/proc/kallsyms shows no addresses";
    return false;
  }
  tasks_at_ = types_.Offset("task_struct", "tasks");
  pid_at_ = types_.Offset("task_struct", "pid");
  mm_at_ = types_.Offset("task_struct", "mm");
  pgd_at_ = types_.Offset("mm_struct", "pgd");
  return true;
}

std::uint64_t PageWalker::FindTopTable(pid_t pid) const {
  if (tasks_at_ < 0 || pid_at_ < 0 || mm_at_ < 0 || pgd_at_ < 0) return 0;
  const auto at = [](std::uint64_t base, std::int64_t offset) {
    return base + static_cast<std::uint64_t>(offset);
  };
  std::uint64_t task = first_task_;
  for (int i = 0; i < kMostTasks; ++i) {
    std::uint64_t next = 0;
    if (!memory_.ReadVirtual(at(task, tasks_at_), &next, sizeof(next))) return 0;
    task = next - static_cast<std::uint64_t>(tasks_at_);
    if (task == first_task_) return 0;
    pid_t number = 0;
    if (!memory_.ReadVirtual(at(task, pid_at_), &number, sizeof(number))) return 0;
    if (number != pid) continue;
    std::uint64_t mm = 0;
    std::uint64_t pgd = 0;
    if (!memory_.ReadVirtual(at(task, mm_at_), &mm, sizeof(mm)) || mm == 0) return 0;
    if (!memory_.ReadVirtual(at(mm, pgd_at_), &pgd, sizeof(pgd))) return 0;
    return pgd;
  }
  return 0;
}

std::uint64_t PageWalker::TopTable(pid_t pid) {
  for (const auto& [known, top] : tops_) {
    if (known == pid) return top;
  }
  const std::uint64_t top = FindTopTable(pid);
  if (top != 0) tops_.emplace_back(pid, top);
  return top;
}

// The top table is known by its virtual address, the others by where they are in memory.
std::uint64_t PageWalker::WordOf(std::uint64_t table, int level, std::uint64_t address) {
  const Geometry& g = arch_->geometry();
  Cached& cached = cached_[level];
  if (table != cached.table) {
    cached.words.assign(std::size_t{1} << g.bits[level], 0);
    cached.table = table;
    const std::size_t bytes = cached.words.size() * sizeof(std::uint64_t);
    if (level == levels_ - 1) {
      memory_.ReadVirtual(table, cached.words.data(), bytes);
    } else {
      memory_.ReadPhysical(table, cached.words.data(), bytes);
    }
  }
  unsigned shift = g.page_shift;
  for (int i = 0; i < level; ++i) shift += g.bits[i];
  return cached.words[(address >> shift) & (cached.words.size() - 1)];
}

// A table is as aligned as a small page, whatever the level of the entry that points to it.
std::uint64_t PageWalker::TableOf(std::uint64_t word) const {
  return arch_->RawPfn(Form::kPte, word) << arch_->geometry().page_shift;
}

PageWalker::Place PageWalker::Find(std::uint64_t top, std::uint64_t address) {
  std::uint64_t table = top;
  for (int level = levels_ - 1; level > 1; --level) {
    const std::uint64_t word = WordOf(table, level, address);
    if (arch_->None(Form::kPmd, word)) return {.level = level};
    table = TableOf(word);
  }
  const std::uint64_t pmd = WordOf(table, 1, address);
  if (ClassifyWord(*arch_, Form::kPmd, pmd) != WordKind::kTable) {
    return {.level = 1, .table = true, .word = pmd};
  }
  table = TableOf(pmd);
  return {.level = 0, .table = true, .word = WordOf(table, 0, address)};
}

std::string PageWalker::TextOf(const Place& place, bool hugetlb) const {
  static constexpr const char* kPrefix[] = {"", "M", "G"};
  const std::string prefix = kPrefix[place.level > 2 ? 2 : place.level];
  if (!place.table) return prefix + "0";
  if (place.level == 0) return EntryLetters(*arch_, Form::kPte, place.word);
  if (hugetlb) {
    return prefix +
           EntryLetters(*arch_, Form::kPte, arch_->HugetlbLoad(HugeSize::kPmd, place.word));
  }
  return prefix + EntryLetters(*arch_, Form::kPmd, place.word);
}

void PageWalker::AddEntries(pid_t pid, std::uint64_t start, bool hugetlb,
                            std::vector<PageView>* pages) {
  const std::uint64_t top = TopTable(pid);
  // What was read for an earlier observation is not the truth any more.
  for (Cached& cached : cached_) cached.table = 0;
  const std::uint64_t page = std::uint64_t{1} << arch_->geometry().page_shift;
  for (std::size_t i = 0; i < pages->size(); ++i) {
    (*pages)[i].entry = top == 0 ? "?" : TextOf(Find(top, start + i * page), hugetlb);
  }
}

int PageWalker::ByteOfFrame(std::uint64_t pfn) const {
  unsigned char byte = 0;
  const std::uint64_t at = pfn * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return memory_.ReadPhysical(at, &byte, 1) ? byte : -1;
}

}  // namespace uffdsim

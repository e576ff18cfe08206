#include "sim/conform/kernel/needs.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/huge_pool.h"
#include "sim/scenario/kernel_settings.h"
#include "sim/scenario/words.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kAccessed = std::uint64_t{1} << 9;

std::uint64_t KnownFeatures() {
  std::uint64_t all = 0;
  for (const NamedBit& row : FeatureBits()) all |= row.bit;
  return all;
}

// The features without which the operation means nothing.
std::uint64_t NeedsOf(const Statement& s) {
  switch (s.code) {
    case OpCode::k_uffd: return s.features & KnownFeatures();
    case OpCode::k_rwprotect:
    case OpCode::k_set_mode: return uapi::kFeatureRwp;
    case OpCode::k_register:
      return ((s.mode & uapi::kModeRwp) != 0 ? uapi::kFeatureRwp : 0) |
             ((s.mode & uapi::kModeWp) != 0 ? uapi::kFeatureWp : 0) |
             ((s.mode & uapi::kModeMinor) != 0 ? uapi::kFeatureMinorShmem : 0);
    case OpCode::k_writeprotect: return uapi::kFeatureWp;
    case OpCode::k_continue: return uapi::kFeatureMinorShmem;
    case OpCode::k_move: return uapi::kFeatureMove;
    case OpCode::k_poison: return uapi::kFeaturePoison;
    case OpCode::k_scan: {
      const ScanArgs& scan = s.scan;
      const std::uint64_t asked = scan.category_mask | scan.category_anyof_mask |
                                  scan.category_inverted |
                                  (scan.return_mask == kAllCategories ? 0 : scan.return_mask);
      return (asked & kAccessed) != 0 ? uapi::kFeatureRwp : 0;
    }
    default: return 0;
  }
}

std::string LackingFeature(const Statement& statement, std::uint64_t offered) {
  const std::uint64_t missing = NeedsOf(statement) & ~offered;
  if (missing == 0) return "";
  if (offered == 0) return "kernel has no userfaultfd, or does not allow it";
  if ((missing & uapi::kFeatureWp) != 0) return "kernel has no WP";
  for (const NamedBit& row : FeatureBits()) {
    if ((missing & row.bit) == 0) continue;
    std::string name(row.name);
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return "kernel has no " + name;
  }
  return "";
}

bool WantsHugePages(const Statement& s) {
  if (s.code == OpCode::k_memfd) return (s.flags & kOpHugetlb) != 0;
  return s.code == OpCode::k_map &&
         (s.map_kind == MapKind::kHugeAnon || s.map_kind == MapKind::kHugeShared);
}

bool Moves(const Statement& s) { return s.code == OpCode::k_migrate || s.code == OpCode::k_mbind; }

// What is not userfaultfd's: the second memory node and the pool of huge pages.
std::string LackingMachine(const Statement& s, const Offer& offer) {
  if (Moves(s) && offer.nodes < 2) {
    return "kernel has no second memory node";
  }
  if (!WantsHugePages(s) || offer.huge_pages >= kHugePagesOfScenario) return "";
  if (offer.huge_bytes == 0) return "kernel has no hugetlb";
  return "kernel has " + std::to_string(offer.huge_pages) + " huge pages of " +
         std::to_string(offer.huge_bytes) + " bytes, not " + std::to_string(kHugePagesOfScenario);
}

// "0-1" or "0,2": as many numbers as the list has.
std::uint32_t MemoryNodes() {
  const std::string list = ReadWhole("/sys/devices/system/node/has_memory");
  std::uint32_t count = 0;
  for (std::size_t at = 0; at < list.size() && list[at] != '\n';) {
    char* end = nullptr;
    const auto first = std::strtoul(list.c_str() + at, &end, 10);
    auto last = first;
    if (*end == '-') last = std::strtoul(end + 1, &end, 10);
    count += static_cast<std::uint32_t>(last - first + 1);
    at = static_cast<std::size_t>(end - list.c_str()) + 1;
  }
  return count;
}

// Where the machine must be left alone they are what its owner chose.
bool HugeSettingsAreOurs() {
  constexpr std::string_view kThp = "/sys/kernel/mm/transparent_hugepage/";
  for (const KernelSetting& setting : kKernelSettings) {
    if (!std::string_view(setting.path).starts_with(kThp)) continue;
    const std::string text = ReadWhole(setting.path);
    const std::string wanted = setting.value;
    if (text.find('[' + wanted + ']') == std::string::npos && text != wanted + "\n") return false;
  }
  return true;
}

// CONFIG_PROC_MEM_ALWAYS_FORCE, or the boot parameter proc_mem.force_override.
bool ProcMemForces() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const place = mmap(nullptr, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return false;
  const int file = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  const char byte = 1;
  const bool forces =
      file >= 0 &&
      pwrite(file, &byte, 1, static_cast<off_t>(reinterpret_cast<std::uintptr_t>(place))) == 1;
  if (file >= 0) close(file);
  munmap(place, page);
  return forces;
}

}  // namespace

std::uint64_t OfferedFeatures() {
  const auto file = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  if (file < 0) return 0;
  uapi::Api api{0xAA, 0, 0};
  const bool answered = ioctl(file, uapi::kApiCall, &api) == 0;
  close(file);
  return answered ? api.features : 0;
}

Offer OfferOfKernel() {
  utsname name{};
  uname(&name);
  return {.features = OfferedFeatures(),
          .nodes = MemoryNodes(),
          .huge_pages = HugePoolPages(),
          .moves_huge = std::string(name.machine) != "loongarch64",
          .huge_bytes = HugePageBytes(),
          .huge_settings = HugeSettingsAreOurs(),
          .proc_mem_forces = ProcMemForces()};
}

std::string Lacking(const Scenario& scenario, const Offer& offer) {
  bool huge = false;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    huge = huge || WantsHugePages(line.statement);
    if (huge && Moves(line.statement) && !offer.moves_huge) {
      return "kernel does not move huge pages to another node";
    }
    std::string lacking = LackingFeature(line.statement, offer.features);
    if (lacking.empty()) lacking = LackingMachine(line.statement, offer);
    if (!lacking.empty()) return lacking;
  }
  return "";
}

}  // namespace uffdsim

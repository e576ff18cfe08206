#include "sim/replay/guest.h"

#include <algorithm>

#include "model/base/check.h"
#include "model/path/fault.h"
#include "model/path/rmap.h"

namespace uffdsim {
namespace {

// What stage 2 must hold for an entry to hit, by its bits. A write also wants a content number of
// its own; an accessed bit that somebody took away is set outside the path, as the hardware would.
constexpr std::uint32_t Needs(std::uint32_t bits) {
  const std::uint32_t write = Stage2::kWritable | Stage2::kDirty | Stage2::kFresh;
  return Stage2::kReadable | Stage2::kAccessed | ((bits & kTouchWrite) != 0 ? write : 0);
}

struct NeedTable {
  std::uint32_t of[8];
  constexpr NeedTable() : of{} {
    for (std::uint32_t bits = 0; bits < 8; ++bits) {
      of[bits] = ~static_cast<std::uint32_t>(Stage2::kModelMask) | Needs(bits);
    }
  }
};
constexpr NeedTable kNeed;

}  // namespace

Guest::Guest(LinuxHost& host, Truth& truth, Ledger& ledger, std::uint32_t vcpus)
    : world_(host.world()),
      host_(host),
      truth_(truth),
      ledger_(ledger),
      words_(host.stage2().words()),
      blocked_on_(vcpus, FaultKind::kMissing) {
  for (std::uint32_t i = 0; i < vcpus; ++i) {
    Task& t = NewTask(world_, MmId(0));
    t.state = Task::State::kDone;
    tasks_.push_back(t.id);
  }
}

template <RecordHits kRecord>
std::size_t Guest::RunHits(const std::uint32_t* entries, std::size_t i, std::size_t end) {
  const std::uint32_t want = truth_.interval() << Stage2::kCookieShift | Stage2::kModelMask;
  std::uint32_t* const words = words_;
  const auto step = [&](std::uint32_t entry) {
    const std::uint32_t page = EntryPage(entry);
    if (((words[page] ^ want) & kNeed.of[EntryBits(entry)]) != 0) [[unlikely]] {
      if (!Touch(entry)) return false;
    }
    if constexpr (kRecord == RecordHits::kOn) recorded_.push_back(page);
    return true;
  };
  const std::size_t steady = end - std::min(end, kAhead);
  for (; i < steady; ++i) {
    __builtin_prefetch(words + EntryPage(entries[i + kAhead]));
    if (!step(entries[i])) return i;
  }
  for (; i < end; ++i) {
    if (!step(entries[i])) return i;
  }
  return end;
}

template std::size_t Guest::RunHits<RecordHits::kOff>(const std::uint32_t*, std::size_t,
                                                      std::size_t);
template std::size_t Guest::RunHits<RecordHits::kOn>(const std::uint32_t*, std::size_t,
                                                     std::size_t);

__attribute__((noinline)) bool Guest::Touch(std::uint32_t entry) {
  const std::uint32_t page = EntryPage(entry);
  std::uint32_t& word = words_[page];
  const bool write = (EntryBits(entry) & kTouchWrite) != 0;
  const std::uint32_t allowed = write ? Stage2::kReadable | Stage2::kWritable : Stage2::kReadable;
  if ((word & allowed) != allowed) return false;
  ledger_.OnAccess(page);
  if (world_.listener != nullptr) {
    world_.listener->OnAccess(MmId(0), host_.base() + page, write ? Access::kWrite : Access::kRead,
                              AccessMode::kGuest);
  }
  const Truth::Cookie last = word >> Stage2::kCookieShift;
  if (last != truth_.interval()) {
    truth_.FirstTouch(last);
    word = (word & Stage2::kModelMask) | truth_.interval() << Stage2::kCookieShift;
  }
  word |= Stage2::kAccessed;
  if (write && (word & Stage2::kFresh) == 0) Write(page);
  return true;
}

// One number stands for all writes until somebody looks at the content.
void Guest::Write(std::uint32_t page) {
  const Arch& arch = *world_.arch;
  const Word pte = world_.mm(MmId(0)).table.GetPte(host_.base() + page);
  const Pfn pfn = arch.PfnOf(Form::kPte, pte);
  SetContent(world_, pfn, world_.contents.Write(world_.frames[pfn].content, 0, 0));
  words_[page] |= Stage2::kDirty | Stage2::kFresh;
}

bool Guest::TryMap(std::uint32_t page, bool write) {
  const Arch& arch = *world_.arch;
  const Word pte = world_.mm(MmId(0)).table.GetPte(host_.base() + page);
  if (arch.None(Form::kPte, pte) || !arch.Present(Form::kPte, pte)) return false;
  if (arch.Protnone(Form::kPte, pte)) return false;
  const bool writable = arch.Write(Form::kPte, pte);
  if (write && !writable) return false;
  if (write) world_.frames.Head(arch.PfnOf(Form::kPte, pte)).flags |= kPgDirty;
  host_.stage2().Map(page, Stage2::kReadable | (writable ? Stage2::kWritable : 0U));
  host_.OnMapped(page);
  return true;
}

GuestFault Guest::Classify(std::uint32_t page) const {
  const Arch& arch = *world_.arch;
  const Word pte = world_.mm(MmId(0)).table.GetPte(host_.base() + page);
  if (arch.None(Form::kPte, pte) || !arch.Present(Form::kPte, pte)) return GuestFault::kMinor;
  return arch.Protnone(Form::kPte, pte) ? GuestFault::kRwpAsync : GuestFault::kWpAsync;
}

bool Guest::Woken(std::uint32_t vcpu) const {
  return world_.tasks[tasks_[vcpu].value].state == Task::State::kRunnable;
}

GuestFault Guest::Fault(std::uint32_t vcpu, std::uint32_t entry) {
  const std::uint32_t page = EntryPage(entry);
  const bool write = (EntryBits(entry) & kTouchWrite) != 0;
  const TaskId id = tasks_[vcpu];
  if (world_.task(id).state == Task::State::kRunnable) {
    RunTask(world_, world_.task(id));  // it wakes up and leaves the fault, to try again
    UFFDSIM_CHECK(world_.task(id).state == Task::State::kDone);
  }
  GuestFault kind = GuestFault::kStage2Only;
  while (!TryMap(page, write)) {
    kind = Classify(page);
    Task& t = world_.task(id);
    t.depth = 0;
    t.fault = 0;
    t.state = Task::State::kRunnable;
    const std::uint64_t address = (host_.base() + page).value << world_.arch->geometry().page_shift;
    PushFault(world_, t, MmId(0), address, kFaultAllowRetry | (write ? kFaultWrite : 0U));
    RunTask(world_, t);
    if (t.state == Task::State::kAsleep) {
      const std::uint64_t flags = world_.ctx(host_.ctx()).faults.back().flags;
      blocked_on_[vcpu] = FaultKind::kMissing;
      if ((flags & kFaultFlagRwp) != 0) blocked_on_[vcpu] = FaultKind::kRwp;
      if ((flags & kFaultFlagMinor) != 0) blocked_on_[vcpu] = FaultKind::kMinor;
      return GuestFault::kBlocked;
    }
    UFFDSIM_CHECK((t.fault & ~static_cast<std::uint32_t>(kVmFaultRetry)) == 0);
  }
  return kind;
}

}  // namespace uffdsim

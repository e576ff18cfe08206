// The half of a LinuxHost that trackers use: protecting, unmapping, scanning, accessed bits.
#include <algorithm>

#include "model/base/check.h"
#include "model/path/page_idle.h"
#include "model/path/pagemap_scan.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/zap.h"
#include "sim/replay/linux_host.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kRegionsPerScan = 4096;
constexpr std::uint64_t kEntriesPerRead = 4096;  // of /proc/PID/pagemap
constexpr std::uint64_t kFramesPerWord = 64;     // of page_idle/bitmap

}  // namespace

// Returns the number of entries of the tables that were walked.
template <class Visit>
std::uint64_t LinuxHost::ForEachMapped(PageRange range, Visit&& visit) {
  const Arch& arch = *machine_.world().arch;
  const PageTable& table = machine_.world().mm(MmId(0)).table;
  const std::uint64_t last = std::uint64_t{range.first} + range.count;
  const std::uint64_t mask = (1ULL << table_shift_) - 1;
  std::uint64_t entries = 0;
  for (std::uint64_t page = range.first; page < last;) {
    const std::uint64_t end = std::min((page | mask) + 1, last);
    if (table_exists_[page >> table_shift_] != 0) {
      entries += end - page;
      for (; page < end; ++page) {
        const Word pte = table.GetPte(base_ + page);
        if (arch.None(Form::kPte, pte) || !arch.Present(Form::kPte, pte)) continue;
        visit(static_cast<PageId>(page), pte);
      }
    }
    page = end;
  }
  return entries;
}

std::uint64_t LinuxHost::FlushPs(std::uint64_t present) const {
  return present == 0 ? 0 : set_.costs.stage2_flush_ps + set_.costs.tlb_flush_ps;
}

// KVM retries faults on a range until its notifier has ended. Without entries nothing is
// invalidated, so nobody waits.
void LinuxHost::BlockFaults(PageRange range, std::uint64_t until_ns) {
  arming_ = range;
  arming_until_ns_ = until_ns;
}

Errno LinuxHost::Rwprotect(VmmThread& by, PageRange range, Protect protect) {
  const std::uint64_t present = ResidentIn(range);
  const bool arm = protect == Protect::kArm;
  const Errno error = UffdRwprotect(machine_.world(), ctx_, AddressOf(range.first),
                                    BytesOf(range.count), arm ? kProtectOn : 0);
  std::uint64_t ps = set_.costs.syscall_ps + present * set_.costs.rwprotect_page_ps;
  if (present != 0) ps += set_.costs.stage2_flush_ps;
  if (present != 0 && arm) ps += set_.costs.tlb_flush_ps;
  by.Work(ps);
  if (arm) {
    if (present != 0) BlockFaults(range, by.now_ns());
    counters_.pages_armed += present;
  } else {
    counters_.pages_resolved += present;
  }
  return error;
}

// The WP bit goes to empty entries too, as markers, so every page of the range costs.
Errno LinuxHost::Writeprotect(VmmThread& by, PageRange range, Protect protect) {
  const bool arm = protect == Protect::kArm;
  const Errno error = UffdWriteprotect(machine_.world(), ctx_, AddressOf(range.first),
                                       BytesOf(range.count), arm ? kProtectOn : 0);
  by.Work(set_.costs.syscall_ps + range.count * set_.costs.wp_page_ps + FlushPs(range.count));
  if (!arm) return error;
  for (std::uint32_t i = 0; i < range.count; ++i) NoteTable(range.first + i);
  BlockFaults(range, by.now_ns());
  counters_.pages_armed += ResidentIn(range);
  return error;
}

Errno LinuxHost::SetMode(VmmThread& by, RwpMode mode) {
  const bool async = mode == RwpMode::kAsync;
  by.Work(set_.costs.syscall_ps + set_.costs.set_mode_ps);
  ++counters_.mode_switches;
  return UffdSetMode(machine_.world(), ctx_, async ? std::uint64_t{kFeatureRwpAsync} : 0,
                     async ? 0 : std::uint64_t{kFeatureRwpAsync});
}

Errno LinuxHost::Unmap(VmmThread& by, PageRange range) {
  World& w = machine_.world();
  std::uint64_t present = 0;
  ForEachMapped(range, [&](PageId, Word) { ++present; });
  by.Work(set_.costs.syscall_ps + present * set_.costs.unmap_page_ps + FlushPs(present));
  counters_.pages_unmapped += present;
  const Vpn first = base_ + range.first;
  ZapRange(w, MmId(0), *w.mm(MmId(0)).vmas.Find(first), first, first + range.count,
           ZapMarkers::kKeep, Cause::kZap, ZapCowed::kZap, ZapTables::kReclaim);
  if (present != 0) BlockFaults(range, by.now_ns());
  return Errno::kOk;
}

void LinuxHost::Scan(VmmThread& by, Category category, std::vector<PageRange>* pages) {
  World& w = machine_.world();
  ScanArgs args;
  args.return_mask = category == Category::kAccessed ? kPageAccessed : kPageWritten;
  args.category_mask = args.return_mask | kPagePresent;
  args.vec_len = kRegionsPerScan;
  const std::uint64_t end = AddressOf(0) + BytesOf(set_.guest_pages);
  std::uint64_t calls = 0;
  for (std::uint64_t at = AddressOf(0); at < end; ++calls) {
    regions_.clear();
    const Errno error = PagemapScan(w, MmId(0), at, end, args, &regions_, &at);
    UFFDSIM_CHECK(error == Errno::kOk);
    for (const ScanRegion& region : regions_) {
      const auto first = static_cast<PageId>((region.start - kGuestAddress) >> page_shift_);
      const auto count = static_cast<std::uint32_t>((region.end - region.start) >> page_shift_);
      pages->push_back({first, count});
    }
  }
  counters_.pages_scanned += table_pages_;
  by.Work(calls * set_.costs.syscall_ps + table_pages_ * set_.costs.scan_page_ps);
}

// Frame numbers come from /proc/PID/pagemap; frames of a guest lie together, so a word of the
// bitmap serves 64 of them.
std::uint64_t LinuxHost::BitmapPs(std::uint64_t entries, std::uint64_t present) const {
  const std::uint64_t calls = (entries + kEntriesPerRead - 1) / kEntriesPerRead +
                              (present + kFramesPerWord - 1) / kFramesPerWord;
  return calls * set_.costs.syscall_ps + entries * set_.costs.pagemap_page_ps +
         present * set_.costs.page_idle_page_ps;
}

void LinuxHost::SetIdle(VmmThread& by, PageRange range) {
  World& w = machine_.world();
  std::uint64_t present = 0;
  const std::uint64_t entries = ForEachMapped(range, [&](PageId, Word pte) {
    SetPageIdle(w, w.arch->PfnOf(Form::kPte, pte));
    ++present;
  });
  counters_.pages_armed += present;
  by.Work(BitmapPs(entries, present));
}

void LinuxHost::ScanIdle(VmmThread& by, PageRange range, std::vector<PageRange>* touched) {
  World& w = machine_.world();
  std::uint64_t present = 0;
  const std::uint64_t entries = ForEachMapped(range, [&](PageId page, Word pte) {
    ++present;
    if (PageIsIdle(w, w.arch->PfnOf(Form::kPte, pte))) return;
    if (!touched->empty() && touched->back().first + touched->back().count == page) {
      ++touched->back().count;
    } else {
      touched->push_back({page, 1});
    }
  });
  counters_.pages_scanned += entries;
  by.Work(BitmapPs(entries, present));
}

void LinuxHost::Age(PageRange range) {
  const Vpn first = base_ + range.first;
  counters_.pages_aged += AgePages(machine_.world(), MmId(0), first, first + range.count);
}

}  // namespace uffdsim

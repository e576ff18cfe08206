// Machine::Observe(): the state as /proc shows it.
//
// Mirrors: show_smap(), pagemap_read() and PAGEMAP_SCAN of fs/proc/task_mmu.c, mm/mincore.c,
//          userfaultfd_show_fdinfo() of mm/userfaultfd.c, kpageflags and kpagecount.
#include <string>

#include "model/arch/decode.h"
#include "model/machine/machine.h"
#include "model/path/pagemap.h"
#include "model/path/pagemap_scan.h"

namespace uffdsim {
namespace {

// A letter where the bit is set, '-' where not, in the order of the table.
struct BitLetter {
  std::uint64_t bit;
  char letter;
};

template <std::size_t N>
std::string Letters(const BitLetter (&table)[N], std::uint64_t bits) {
  std::string text(N, '-');
  for (std::size_t i = 0; i < N; ++i) {
    if ((bits & table[i].bit) != 0) text[i] = table[i].letter;
  }
  return text;
}

constexpr BitLetter kPagemapLetters[] = {
    {kPmPresent, 'P'},   {kPmSwap, 'S'},      {kPmFile, 'F'},  {kPmUffd, 'U'},
    {kPmSoftDirty, 'D'}, {kPmExclusive, 'X'}, {kPmGuard, 'G'},
};

constexpr BitLetter kScanLetters[] = {
    {kPageWpAllowed, 'a'}, {kPageWritten, 'w'},  {kPageFile, 'f'}, {kPagePresent, 'p'},
    {kPageSwapped, 's'},   {kPagePfnZero, 'z'},  {kPageHuge, 'h'}, {kPageSoftDirty, 'd'},
    {kPageGuard, 'g'},     {kPageAccessed, 'A'},
};

// kpageflags and kpagecount of one frame.
std::string FrameText(const World& w, Pfn pfn) {
  const Page& folio = w.frames.Head(pfn);
  std::string text;
  if (folio.Has(kPgAnon)) text += 'A';
  if (folio.Has(kPgSwapBacked) && !folio.Has(kPgHugetlb)) text += 'B';
  if (folio.Has(kPgSwapCache)) text += 'C';
  if (folio.Has(kPgKsm)) text += 'K';
  if (folio.order != 0 && !folio.Has(kPgHugetlb)) text += 'T';
  if (folio.Has(kPgHugetlb)) text += 'H';
  if (folio.Has(kPgZero)) text += 'Z';
  if (folio.Has(kPgMlocked)) text += 'V';
  if (w.frames[pfn].Has(kPgHwPoison)) text += 'P';
  // A hugetlb folio is only ever mapped as a whole.
  const std::int32_t count = folio.Has(kPgHugetlb) ? folio.mapcount : w.frames[pfn].mapcount;
  return text + std::to_string(count);
}

std::string EntryText(const World& w, const EntryAt& entry) {
  static constexpr const char* kPrefix[] = {"", "M", "G"};
  std::string text = kPrefix[entry.level];
  return text + (entry.exists ? EntryLetters(*w.arch, entry.form, entry.word) : "0");
}

PageView ViewPage(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn, bool raw) {
  PageView page;
  const std::uint64_t word = PagemapWord(w, vma, entry, vpn);
  page.pagemap = Letters(kPagemapLetters, word);
  page.scan = Letters(kScanLetters, PageCategories(w, vma, entry));
  page.mincore = MincoreBit(w, vma, entry, vpn);
  if (!raw) return page;
  page.entry = EntryText(w, entry);
  if ((word & kPmPresent) != 0) {
    page.pfn = FrameOf(w, entry, vpn);
    page.has_frame = true;
    page.frame = FrameText(w, page.pfn);
  }
  return page;
}

// Swapped-out pages of a shmem file that one page of the VMA stands for.
bool SwappedInFile(const World& w, const Vma& vma, Vpn vpn) {
  return !vma.Anonymous() && w.files[vma.file.value].cache.Get(vma.IndexOf(vpn)).is_swap();
}

// Whether smaps counts the file's swapped pages for the VMA as a whole, or only below empty
// entries: a private writable mapping may have copies in front of them.
bool CountsSwapPerEntry(const Vma& vma) { return !vma.Shared() && vma.Has(kVmWrite); }

// smaps_pte_entry() and smaps_pmd_entry() for one page.
void AddToCounters(const World& w, const Vma& vma, const EntryAt& entry, Vpn vpn, VmaView* view) {
  const Arch& arch = *w.arch;
  if (vma.Hugetlb()) return;
  const bool none = arch.None(entry.form, entry.word);
  if (SwappedInFile(w, vma, vpn) && (none || !CountsSwapPerEntry(vma))) ++view->swap_pages;
  if (none) return;
  Pfn pfn;
  if (arch.Present(entry.form, entry.word)) {
    if (IsZeroMapping(w, entry)) return;
    pfn = FrameOf(w, entry, vpn);
  } else if (!SoftleafHasFrame(w, entry, &pfn)) {
    if (IsSwapEntry(w, entry)) ++view->swap_pages;
    return;
  }
  ++view->rss_pages;
  if (w.frames.Head(pfn).Has(kPgAnon)) ++view->anon_pages;
  if (entry.level == 1) ++view->huge_pages;
}

VmaView ViewVma(const World& w, MmId mm, const Vma& vma, bool raw) {
  VmaView view;
  const unsigned shift = w.arch->geometry().page_shift;
  view.start = vma.start.value << shift;
  view.end = vma.end.value << shift;
  view.prot = ProtText(vma.flags);
  view.flags = VmFlagsText(vma.flags);
  view.pages.reserve(vma.pages());
  for (Vpn vpn = vma.start; vpn < vma.end; ++vpn) {
    const EntryAt entry = FindEntry(w, mm, vma, vpn);
    AddToCounters(w, vma, entry, vpn, &view);
    view.pages.push_back(ViewPage(w, vma, entry, vpn, raw));
  }
  return view;
}

UffdView ViewContext(const World& w, CtxId id) {
  const Context& ctx = w.ctx(id);
  UffdView view;
  view.ctx = id;
  view.total = ctx.faults.size();
  for (const Context::Waiter& waiter : ctx.faults) view.pending += waiter.read ? 0 : 1;
  view.features = ctx.features | (ctx.initialised ? kFeatureInitialised : 0);
  return view;
}

}  // namespace

Observation Machine::Observe(bool raw) const {
  const World& w = *world_;
  Observation seen;
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    if (!w.mms[m].alive) continue;
    ProcessView process;
    process.process = MmId(static_cast<std::uint16_t>(m));
    for (const Vma& vma : w.mms[m].vmas.list()) {
      process.vmas.push_back(ViewVma(w, process.process, vma, raw));
    }
    for (std::size_t c = 1; c < w.contexts.size(); ++c) {
      const Context& ctx = w.contexts[c];
      if (!ctx.open || ctx.mm != process.process) continue;
      process.contexts.push_back(ViewContext(w, CtxId(static_cast<std::uint16_t>(c))));
    }
    seen.processes.push_back(std::move(process));
  }
  return seen;
}

}  // namespace uffdsim

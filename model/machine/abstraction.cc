#include "model/machine/abstraction.h"

#include "model/mm/entry.h"

namespace uffdsim {
namespace {

Backing BackingOf(EntryKind kind, std::uint64_t marker) {
  switch (kind) {
    case EntryKind::kNone: return Backing::kNothing;
    case EntryKind::kPresent: return Backing::kResident;
    case EntryKind::kSwap: return Backing::kSwapped;
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: return Backing::kMigrating;
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive: return Backing::kDevice;
    case EntryKind::kHwPoison: return Backing::kPoisoned;
    case EntryKind::kMarker:
      if ((marker & kMarkerPoisoned) != 0) return Backing::kPoisoned;
      return (marker & kMarkerGuard) != 0 ? Backing::kGuarded : Backing::kWpMarked;
  }
  return Backing::kNothing;
}

TrackMode ModeOf(const Vma& vma) {
  if (vma.UffdRwp()) return TrackMode::kRwp;
  return vma.UffdWp() ? TrackMode::kWp : TrackMode::kNone;
}

// The frame of device memory that stands for the page.
Pfn DeviceFrame(const Arch& arch, const PageTable& table, Vpn vpn) {
  const Word pmd = table.GetPmd(vpn);
  if (arch.None(Form::kPmd, pmd)) return SoftleafPfn(arch, Form::kPte, table.GetPte(vpn));
  return SoftleafPfn(arch, Form::kPmd, pmd) +
         static_cast<std::uint32_t>(vpn.value & (table.PmdPages() - 1));
}

}  // namespace

void WorldView::Describe(const Vma& vma, Form form, Word word, AbstractPage* page) const {
  const Arch& arch = *w_.arch;
  const EntryKind kind = Classify(arch, form, word);
  const std::uint64_t marker = kind == EntryKind::kMarker ? MarkerOf(arch, word) : std::uint64_t{0};
  page->backing = BackingOf(kind, marker);
  if (kind == EntryKind::kNone) return;
  if (kind == EntryKind::kPresent) {
    page->marked = arch.Uffd(form, word);
    page->denies_all = arch.Protnone(form, word);
    page->writable = arch.Write(form, word) && !page->denies_all;
  } else {
    page->marked = arch.SwpUffd(form, word);
  }
  // What PAGEMAP_SCAN's ACCESSED means in an RWP VMA.
  page->reported_accessed = vma.UffdRwp() && !page->marked;
}

AbstractPage WorldView::PageOf(MmId mm, const Vma& vma, Vpn vpn) const {
  const Arch& arch = *w_.arch;
  AbstractPage page;
  page.mm = mm;
  page.vpn = vpn;
  page.mode = ModeOf(vma);
  page.ctx = vma.ctx;
  page.accessible = vma.Accessible();
  page.may_write = vma.Has(kVmWrite);
  const PageTable& table = w_.mm(mm).table;
  const Word pmd = table.GetPmd(vpn);
  Pfn pfn{};
  if (arch.None(Form::kPmd, pmd)) {
    const Word pte = table.GetPte(vpn);
    Describe(vma, Form::kPte, pte, &page);
    if (page.backing == Backing::kResident) pfn = arch.PfnOf(Form::kPte, pte);
  } else {
    const bool hugetlb = vma.Hugetlb();
    const Form form = hugetlb ? Form::kPte : Form::kPmd;
    const Word word = hugetlb ? arch.HugetlbLoad(HugeSize::kPmd, pmd) : pmd;
    Describe(vma, form, word, &page);
    if (page.backing == Backing::kResident) {
      pfn = arch.PfnOf(form, word) + static_cast<std::uint32_t>(vpn.value & (table.PmdPages() - 1));
    }
  }
  if (page.backing == Backing::kResident) {
    const uffdsim::Page& frame = w_.frames[pfn];
    page.frame = pfn.value + 1ULL;
    page.private_anon = !vma.Shared() && w_.frames.Head(pfn).Has(kPgAnon) && !frame.Has(kPgZero);
  }
  return page;
}

AbstractPage WorldView::Page(MmId mm, Vpn vpn) const {
  const Vma* vma = w_.mm(mm).vmas.Find(vpn);
  if (vma != nullptr) return PageOf(mm, *vma, vpn);
  AbstractPage page;
  page.mm = mm;
  page.vpn = vpn;
  return page;
}

std::vector<AbstractPage> WorldView::Pages() const {
  std::vector<AbstractPage> pages;
  for (std::size_t m = 0; m < w_.mms.size(); ++m) {
    if (!w_.mms[m].alive) continue;
    const MmId mm(static_cast<std::uint16_t>(m));
    const PageTable& table = w_.mms[m].table;
    for (const Vma& vma : w_.mms[m].vmas.list()) {
      for (Vpn vpn = table.NextMapped(vma.start, vma.end); vpn < vma.end;
           vpn = table.NextMapped(vpn + 1, vma.end)) {
        const AbstractPage page = PageOf(mm, vma, vpn);
        if (page.backing != Backing::kNothing) pages.push_back(page);
      }
    }
  }
  return pages;
}

std::vector<AbstractTranslation> WorldView::Translations() const {
  std::vector<AbstractTranslation> found;
  for (const Tlb& tlb : w_.tlbs) {
    for (const Tlb::Entry& e : tlb.entries()) {
      found.push_back(
          {.mm = e.mm, .vpn = e.vpn, .writable = e.writable, .frame = e.pfn.value + 1ULL});
    }
  }
  for (const Stage2& stage2 : w_.stage2s) {
    for (std::uint64_t g = 0; g < stage2.pages(); ++g) {
      const std::uint32_t word = stage2.words()[g];
      if ((word & (Stage2::kReadable | Stage2::kWritable)) == 0) continue;
      found.push_back({.mm = stage2.mm(),
                       .vpn = stage2.base() + g,
                       .writable = (word & Stage2::kWritable) != 0,
                       .frame = 0});
    }
  }
  return found;
}

std::vector<AbstractCount> WorldView::Counts() const {
  const Arch& arch = *w_.arch;
  std::vector<std::uint64_t> maps(w_.frames.size());
  std::vector<std::uint64_t> slots(w_.swap.size());
  // An entry that a defective kernel garbled may name what does not exist.
  const auto count = [](std::vector<std::uint64_t>& counts, std::uint64_t which) {
    if (which < counts.size()) ++counts[which];
  };
  for (std::size_t m = 0; m < w_.mms.size(); ++m) {
    if (!w_.mms[m].alive) continue;
    const PageTable& table = w_.mms[m].table;
    for (const Vma& vma : w_.mms[m].vmas.list()) {
      for (Vpn vpn = table.NextMapped(vma.start, vma.end); vpn < vma.end;
           vpn = table.NextMapped(vpn + 1, vma.end)) {
        const AbstractPage page = PageOf(MmId(static_cast<std::uint16_t>(m)), vma, vpn);
        if (page.backing == Backing::kResident) count(maps, page.frame - 1);
        if (page.backing == Backing::kDevice) count(maps, DeviceFrame(arch, table, vpn).value);
        if (page.backing == Backing::kSwapped) {
          count(slots, SwapSlotOf(arch, table.GetPte(vpn)).value);
        }
      }
    }
  }
  for (const File& file : w_.files) {
    file.cache.ForEach(0, ~std::size_t{0}, [&](std::size_t, CacheSlot slot) {
      if (slot.is_swap()) count(slots, slot.swap().value);
    });
  }
  std::vector<AbstractCount> counts;
  for (std::uint32_t i = 1; i < w_.frames.size(); ++i) {
    const uffdsim::Page& page = w_.frames[Pfn(i)];
    if (page.Has(kPgZero)) continue;
    counts.push_back({.what = "map count of frame",
                      .which = i,
                      .kept = static_cast<std::uint64_t>(page.mapcount),
                      .counted = maps[i]});
  }
  for (std::uint32_t i = 1; i < w_.swap.size(); ++i) {
    counts.push_back({.what = "references to swap slot",
                      .which = i,
                      .kept = w_.swap[SwapSlot(i)].count,
                      .counted = slots[i]});
  }
  return counts;
}

std::vector<AbstractSleeper> WorldView::Sleepers() const {
  std::vector<AbstractSleeper> sleepers;
  for (std::size_t c = 1; c < w_.contexts.size(); ++c) {
    const Context& ctx = w_.contexts[c];
    for (const Context::Waiter& waiter : ctx.faults) {
      sleepers.push_back({.task = waiter.task,
                          .mm = ctx.mm,
                          .vpn = Vpn(waiter.address >> w_.arch->geometry().page_shift),
                          .ctx = CtxId(static_cast<std::uint16_t>(c))});
    }
  }
  return sleepers;
}

}  // namespace uffdsim

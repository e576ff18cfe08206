#include "model/machine/abstraction.h"

#include <algorithm>
#include <string_view>

#include "model/arch/decode.h"
#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/hugetlb.h"
#include "model/path/kernel_names.h"
#include "model/path/pagemap_scan.h"
#include "model/path/prot.h"
#include "model/path/step.h"

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

// How OpaqueWord::kind says what the word is: the two forms, and nothing at all.
enum WordKindCode : std::uint8_t { kNoWord, kPteWord, kPmdWord };

}  // namespace

bool WorldView::Exists(Pfn pfn) const {
  return pfn.value < w_.frames.size() && w_.frames[pfn].Has(kPgAllocated | kPgZero);
}

void WorldView::DescribeVma(const Vma& vma, AbstractPage* page) const {
  page->mode = ModeOf(vma);
  page->ctx = vma.ctx;
  page->accessible = vma.Accessible();
  page->may_write = vma.Has(kVmWrite);
  page->keeps_markers = UseMarkers(w_, vma);
  page->marks_survive = vma.UffdWp() && !vma.Anonymous();
  page->empty_is_written = vma.UffdWp() && !vma.Hugetlb();
  page->tracks_soft_dirty = SoftDirtyEnabled(w_, vma) && !vma.Hugetlb();
}

void WorldView::DescribePresent(const Vma& vma, const EntryAt& entry, AbstractPage* page) const {
  const Arch& arch = *w_.arch;
  page->marked = arch.Uffd(entry.form, entry.word);
  page->denies_all = arch.Protnone(entry.form, entry.word);
  page->writable = arch.Write(entry.form, entry.word) && !page->denies_all;
  const Pfn pfn = FrameOf(w_, entry, page->vpn);
  page->sound = Exists(pfn);
  if (entry.level == 1) {
    page->sound &= arch.LeafBit(w_.mm(page->mm).table.GetLeaf(entry.level, page->vpn));
  }
  if (!page->sound) return;
  const uffdsim::Page& frame = w_.frames[pfn];
  page->frame = pfn.value + 1ULL;
  page->has_content = true;
  page->content = frame.content;
  const bool anon = w_.frames.Head(pfn).Has(kPgAnon) || frame.Has(kPgZero);
  page->private_anon = !vma.Shared() && anon && !frame.Has(kPgZero);
  if (!anon && !vma.Anonymous()) {
    page->private_file = !vma.Shared();
    page->object = ObjectOf(vma.file, vma.IndexOf(page->vpn));
    // What a huge page holds beyond the end of its file may vanish at any time.
    page->has_content = vma.IndexOf(page->vpn) < w_.files[vma.file.value].size;
  }
}

void WorldView::DescribeNonpresent(const EntryAt& entry, AbstractPage* page) const {
  const Arch& arch = *w_.arch;
  page->marked = SwpUffdAny(arch, entry.form, entry.word);
  const EntryKind kind = Classify(arch, entry.form, entry.word);
  switch (kind) {
    case EntryKind::kSwap: {
      const SwapSlot slot = SwapSlotOf(arch, entry.word);
      page->sound = slot.value != 0 && slot.value < w_.swap.size() && w_.swap[slot].count != 0;
      if (!page->sound || w_.swap[slot].bad) return;
      const SwapDevice::Slot& s = w_.swap[slot];
      page->has_content = true;
      page->content = s.cache != Pfn(0) ? w_.frames[s.cache].content : s.content;
      return;
    }
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive: {
      const Pfn pfn = SoftleafPfn(arch, entry.form, entry.word) +
                      static_cast<std::uint32_t>(page->vpn - entry.first);
      page->sound = Exists(pfn);
      if (!page->sound || !w_.frames.Head(pfn).Has(kPgAnon)) return;
      page->has_content = true;
      page->content = w_.frames[pfn].content;
      return;
    }
    case EntryKind::kHwPoison:
      page->sound = SoftleafPfn(arch, entry.form, entry.word).value < w_.frames.size();
      return;
    case EntryKind::kMarker:
    case EntryKind::kNone:
    case EntryKind::kPresent: return;
  }
}

AbstractPage WorldView::PageOf(MmId mm, const Vma& vma, Vpn vpn) const {
  AbstractPage page;
  page.mm = mm;
  page.vpn = vpn;
  DescribeVma(vma, &page);
  const EntryAt entry = FindEntry(w_, mm, vma, vpn);
  const Arch& arch = *w_.arch;
  const EntryKind kind = Classify(arch, entry.form, entry.word);
  const std::uint64_t marker =
      kind == EntryKind::kMarker ? MarkerOf(arch, entry.word) : std::uint64_t{0};
  page.backing = BackingOf(kind, marker);
  if (kind == EntryKind::kNone) return page;
  page.word = {.value = entry.word, .kind = entry.form == Form::kPte ? kPteWord : kPmdWord};
  if (kind == EntryKind::kPresent) {
    DescribePresent(vma, entry, &page);
    if (!page.sound) return page;
  } else {
    DescribeNonpresent(entry, &page);
  }
  const std::uint64_t categories = PageCategories(w_, vma, entry);
  page.categories = categories;
  page.reported_accessed = (categories & kPageAccessed) != 0;
  page.reported_written = (categories & kPageWritten) != 0;
  page.soft_dirty = (categories & kPageSoftDirty) != 0;
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

template <class Visit>
void WorldView::ForEachPage(Visit&& visit) const {
  for (std::size_t m = 0; m < w_.mms.size(); ++m) {
    if (!w_.mms[m].alive) continue;
    const MmId mm(static_cast<std::uint16_t>(m));
    const PageTable& table = w_.mms[m].table;
    for (const Vma& vma : w_.mms[m].vmas.list()) {
      for (Vpn vpn = table.NextMapped(vma.start, vma.end); vpn < vma.end;
           vpn = table.NextMapped(vpn + 1, vma.end)) {
        visit(mm, vma, vpn);
      }
    }
  }
}

void WorldView::Pages(std::vector<AbstractPage>* out) const {
  out->clear();
  ForEachPage([&](MmId mm, const Vma& vma, Vpn vpn) {
    const AbstractPage page = PageOf(mm, vma, vpn);
    if (page.backing != Backing::kNothing) out->push_back(page);
  });
}

void WorldView::Translations(std::vector<AbstractTranslation>* out) const {
  out->clear();
  // Whoever is on the way may still owe the flush: what is cached counts once everybody has ended
  // or sleeps.
  const bool owed = std::any_of(w_.tasks.begin(), w_.tasks.end(),
                                [](const Task& t) { return t.state == Task::State::kRunnable; });
  for (const Tlb& tlb : w_.tlbs) {
    if (owed) break;
    for (const Tlb::Entry& e : tlb.entries()) {
      out->push_back(
          {.mm = e.mm, .vpn = e.vpn, .writable = e.writable, .frame = e.pfn.value + 1ULL});
    }
  }
  for (const Stage2& stage2 : w_.stage2s) {
    for (std::uint64_t g = 0; g < stage2.pages(); ++g) {
      const std::uint32_t word = stage2.words()[g];
      if ((word & (Stage2::kReadable | Stage2::kWritable)) == 0) continue;
      out->push_back({.mm = stage2.mm(),
                      .vpn = stage2.base() + g,
                      .writable = (word & Stage2::kWritable) != 0,
                      .frame = 0});
    }
  }
}

void WorldView::Counts(std::vector<AbstractCount>* out) const {
  const Arch& arch = *w_.arch;
  std::vector<std::uint64_t> maps(w_.frames.size());
  std::vector<std::uint64_t> slots(w_.swap.size());
  ForEachPage([&](MmId mm, const Vma& vma, Vpn vpn) {
    const AbstractPage page = PageOf(mm, vma, vpn);
    if (!page.sound) return;
    if (page.backing == Backing::kResident) ++maps[page.frame - 1];
    if (page.backing != Backing::kDevice && page.backing != Backing::kSwapped) return;
    const EntryAt entry = FindEntry(w_, mm, vma, vpn);
    if (page.backing == Backing::kSwapped) {
      ++slots[SwapSlotOf(arch, entry.word).value];
    } else {
      ++maps[SoftleafPfn(arch, entry.form, entry.word).value + (vpn - entry.first)];
    }
  });
  for (const File& file : w_.files) {
    file.cache.ForEach(0, ~std::size_t{0}, [&](std::size_t, CacheSlot slot) {
      if (slot.is_swap() && slot.swap().value < slots.size()) ++slots[slot.swap().value];
    });
  }
  out->clear();
  for (std::uint32_t i = 1; i < w_.frames.size(); ++i) {
    const uffdsim::Page& page = w_.frames[Pfn(i)];
    if (page.Has(kPgZero)) continue;
    out->push_back({.what = "map count of frame",
                    .which = i,
                    .kept = static_cast<std::uint64_t>(page.mapcount),
                    .counted = maps[i]});
  }
  for (std::uint32_t i = 1; i < w_.swap.size(); ++i) {
    out->push_back({.what = "references to swap slot",
                    .which = i,
                    .kept = w_.swap[SwapSlot(i)].count,
                    .counted = slots[i]});
  }
  // A change of the address space that was announced counts until it was read or given up.
  bool announcing = false;
  for (const Task& t : w_.tasks) {
    const bool lives = t.state == Task::State::kRunnable || t.state == Task::State::kAsleep;
    announcing |= lives && t.sleep != Task::Sleep::kUserfault;
  }
  for (std::size_t c = 1; c < w_.contexts.size() && !announcing; ++c) {
    out->push_back({.what = "pending changes of context",
                    .which = c,
                    .kept = w_.contexts[c].mmap_changing,
                    .counted = 0});
  }
}

void WorldView::Sleepers(std::vector<AbstractSleeper>* out) const {
  out->clear();
  for (std::size_t c = 1; c < w_.contexts.size(); ++c) {
    const Context& ctx = w_.contexts[c];
    for (const Context::Waiter& waiter : ctx.faults) {
      out->push_back({.task = waiter.task,
                      .mm = ctx.mm,
                      .vpn = VpnOf(waiter.address),
                      .ctx = CtxId(static_cast<std::uint16_t>(c))});
    }
  }
}

void WorldView::Areas(std::vector<AbstractArea>* out) const {
  out->clear();
  for (std::size_t m = 0; m < w_.mms.size(); ++m) {
    if (!w_.mms[m].alive) continue;
    for (const Vma& vma : w_.mms[m].vmas.list()) {
      if (vma.ctx == CtxId(0) && !vma.UffdArmed()) continue;
      const Context& ctx = w_.ctx(vma.ctx);
      out->push_back({.mm = MmId(static_cast<std::uint16_t>(m)),
                      .first = vma.start,
                      .last = vma.end,
                      .ctx = vma.ctx,
                      .wp = vma.UffdWp(),
                      .rwp = vma.UffdRwp(),
                      .missing = vma.UffdMissing(),
                      .minor = vma.UffdMinor(),
                      .anonymous = vma.Anonymous(),
                      .context_gone = ctx.released,
                      .context_rwp = ctx.Has(kFeatureRwp),
                      .unit = vma.Hugetlb() ? HugePages(w_, vma) : 1});
    }
  }
}

Vpn WorldView::VpnOf(std::uint64_t address) const {
  return Vpn(address >> w_.arch->geometry().page_shift);
}

MmId WorldView::ProcessOf(CtxId ctx) const { return w_.ctx(ctx).mm; }

bool WorldView::NegotiatedRwp(CtxId ctx) const { return w_.ctx(ctx).Has(kFeatureRwp); }

AbstractPlace WorldView::FaultPlace(TaskId task) const {
  const Task& t = w_.tasks[task.value];
  FaultFrame f;
  std::memcpy(&f, t.stack[t.depth - 1U].data.data(), sizeof f);
  return {.mm = f.mm, .vpn = f.vpn};
}

std::string WorldView::WordText(const OpaqueWord& word) const {
  if (word.kind == kNoWord) return "none";
  const Form form = word.kind == kPteWord ? Form::kPte : Form::kPmd;
  return std::string(FormName(form)) + " " + EntryLetters(*w_.arch, form, word.value);
}

std::string WorldView::KernelOf(const std::string& path) const {
  return std::string(uffdsim::KernelOf(path));
}

}  // namespace uffdsim

#include "model/path/ksm.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/hw_walk.h"
#include "model/path/ksm_stable.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

constexpr std::uint8_t kScansPerRun = 3;

// --- pages ---

// Where a scanned page is now: its VMA and its small page's entry. find_mergeable_vma() and a walk.
struct Page4k {
  const Vma* vma = nullptr;
  Pfn pfn{};
  Word word = 0;
};

bool IsMergeable(const Vma& vma) { return vma.Has(kVmMergeable) && vma.anon_vma != 0; }

Page4k LookUp(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr || !IsMergeable(*vma)) return {};
  const Leaf leaf = FindLeaf(w, mm, *vma, vpn);
  if (w.arch->None(leaf.form, leaf.word) || !w.arch->Present(leaf.form, leaf.word)) return {};
  const Pfn pfn = FrameOf(w, *vma, leaf, vpn);
  if (w.frames[pfn].Has(kPgZero) || !w.frames.Head(pfn).Has(kPgAnon)) return {};
  return {.vma = vma, .pfn = pfn, .word = leaf.word};
}

// The page's entry may become read-only for good: nobody but the mappings (and the scan) holds it.
bool Undisturbed(const World& w, const Page4k& page) {
  const Arch& arch = *w.arch;
  const bool rewrite = arch.Write(Form::kPte, page.word) || arch.Dirty(Form::kPte, page.word) ||
                       w.frames[page.pfn].Has(kPgAnonExclusive);
  return !rewrite || (w.frames[page.pfn].refs == 0 && w.frames[page.pfn].pins == 0);
}

// write_protect_page(): false when the page is in use. The entry is looked up again by the caller.
bool WriteProtect(World& w, MmId mm, Vpn vpn) {
  if (w.frames.Count(LookUp(w, mm, vpn).pfn) > 1 &&
      !SplitFolio(w, w.frames.HeadOf(LookUp(w, mm, vpn).pfn))) {
    return false;
  }
  const Page4k page = LookUp(w, mm, vpn);
  if (page.vma == nullptr) return false;  // splitting found it full of zeroes
  NotifyInvalidate(w, mm, vpn, vpn + 1);
  if (!Undisturbed(w, page)) return false;
  if (w.arch->Dirty(Form::kPte, page.word)) w.frames[page.pfn].flags |= kPgDirty;
  w.frames[page.pfn].flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  w.mm(mm).table.SetPte(vpn, KsmProtectedWord(w, page.word));
  w.steps->site.flush_ksm_protected(w, mm, vpn, vpn + 1);
  return true;
}

// try_to_merge_one_page() without a partner: the page itself becomes the stable one.
bool Promote(World& w, MmId mm, Vpn vpn) {
  if (!WriteProtect(w, mm, vpn)) return false;
  w.frames[LookUp(w, mm, vpn).pfn].flags |= kPgKsm | kPgDirty;
  return true;
}

// try_to_merge_one_page() with the stable page.
bool Replace(World& w, MmId mm, Vpn vpn, Pfn stable) {
  if (LookUp(w, mm, vpn).pfn == stable) return true;  // a forked KSM page
  if (!WriteProtect(w, mm, vpn)) return false;
  const Page4k page = LookUp(w, mm, vpn);
  if (w.frames[page.pfn].content != w.frames[stable].content) return false;
  const bool marked = w.arch->Uffd(Form::kPte, page.word);
  MapFrames(w, stable, 1);
  Word word = w.steps->site.ksm_replaced(w, *page.vma, stable);
  if (marked && w.steps->site.ksm_keeps_mark(w, *page.vma)) {
    word = w.steps->site.restore_uffd(w, *page.vma, Form::kPte, word, marked);
  }
  if (w.arch->SoftDirty(Form::kPte, page.word) &&
      w.steps->site.ksm_keeps_soft_dirty(w, *page.vma)) {
    word = w.arch->MkSoftDirty(Form::kPte, word);
  }
  w.mm(mm).table.SetPte(vpn, word);
  w.steps->site.flush_ksm_replaced(w, mm, vpn, vpn + 1);
  if (marked) EmitLoss(w, mm, vpn, vpn + 1, Cause::kKsmMerge);
  UnmapFrames(w, page.pfn, 1);
  return true;
}

// --- items ---

KsmState::Item* FindItem(KsmState& ksm, MmId mm, Vpn vpn) {
  for (KsmState::Slot& slot : ksm.slots) {
    if (slot.mm != mm) continue;
    for (KsmState::Item& item : slot.items) {
      if (item.vpn == vpn) return &item;
    }
  }
  return nullptr;
}

// remove_rmap_item_from_tree().
void LeaveTrees(KsmState& ksm, MmId mm, KsmState::Item& item) {
  item.stable = Pfn(0);
  std::erase_if(ksm.unstable,
                [&](const KsmState::Candidate& c) { return c.mm == mm && c.vpn == item.vpn; });
}

std::uint8_t SkipAge(std::uint8_t age) {
  if (age <= 3) return 1;
  if (age <= 5) return 2;
  return age <= 8 ? 4 : 8;
}

// should_skip_rmap_item(): smart scan leaves out pages that never merged.
bool Skip(World& w, MmId mm, KsmState::Item& item, Pfn pfn) {
  if (w.frames.Head(pfn).Has(kPgKsm) || item.stable != Pfn(0)) return false;
  const std::uint8_t age = item.age;
  if (item.age != 0xff) ++item.age;
  if (age < 3) return false;
  if (item.skips == 0) {
    item.skips = SkipAge(age);
    return false;
  }
  --item.skips;
  LeaveTrees(w.ksm, mm, item);
  return true;
}

// --- scanning ---

struct KsmFrame {
  std::uint8_t scans_left = kScansPerRun;
  std::uint16_t slot = 0;  // process being scanned
  std::uint32_t item = 0;  // next item of it
  Vpn vpn{};               // next page of it
  bool scanned = false;    // a mergeable VMA was found
  // A page that was promoted although its partner could not be replaced.
  MmId cow_mm{};
  Vpn cow_vpn{};
};

enum KsmStep : std::uint8_t { kStartScan, kScanPage, kBroken };

// Processes without a slot that fork gave mergeable VMAs join; dead ones leave.
void RefreshSlots(World& w) {
  std::erase_if(w.ksm.slots, [&](const KsmState::Slot& s) { return !w.mm(s.mm).alive; });
  for (std::size_t m = 0; m < w.mms.size(); ++m) {
    const auto& list = w.mms[m].vmas.list();
    const bool mergeable =
        w.mms[m].alive &&
        std::any_of(list.begin(), list.end(), [](const Vma& v) { return v.Has(kVmMergeable); });
    if (mergeable) KsmEnter(w, MmId(static_cast<std::uint16_t>(m)));
  }
}

// The next anonymous page of the process at or after `vpn` in a mergeable VMA; false when none.
bool NextPage(const World& w, MmId mm, KsmFrame& f, Pfn* pfn) {
  const Mm& space = w.mm(mm);
  for (std::size_t i = space.vmas.LowerBound(f.vpn); i < space.vmas.list().size(); ++i) {
    const Vma& vma = space.vmas.list()[i];
    if (!vma.Has(kVmMergeable)) continue;
    f.scanned = true;
    if (f.vpn < vma.start) f.vpn = vma.start;
    for (f.vpn = space.table.NextMapped(f.vpn, vma.end); f.vpn < vma.end;
         f.vpn = space.table.NextMapped(f.vpn + 1, vma.end)) {
      const Page4k page = LookUp(w, mm, f.vpn);
      if (page.vma == nullptr) continue;
      *pfn = page.pfn;
      return true;
    }
  }
  return false;
}

// get_next_rmap_item(): items of addresses that hold no page any more go.
KsmState::Item& ItemFor(World& w, KsmFrame& f) {
  KsmState::Slot& slot = w.ksm.slots[f.slot];
  while (f.item < slot.items.size() && slot.items[f.item].vpn < f.vpn) {
    LeaveTrees(w.ksm, slot.mm, slot.items[f.item]);
    slot.items.erase(slot.items.begin() + f.item);
  }
  if (f.item == slot.items.size() || slot.items[f.item].vpn != f.vpn) {
    slot.items.insert(slot.items.begin() + f.item, KsmState::Item{.vpn = f.vpn});
  }
  return slot.items[f.item++];
}

enum class Merge : std::uint8_t { kDone, kBreakCow };

// try_to_merge_two_pages(): the page being scanned becomes the stable one, the page that waited in
// the unstable tree is replaced by it.
Merge MergeTwo(World& w, MmId mm, KsmState::Item& item, const KsmState::Candidate& partner) {
  const Pfn ours = LookUp(w, mm, item.vpn).pfn;
  const Pfn theirs = LookUp(w, partner.mm, partner.vpn).pfn;
  if (w.frames.Count(ours) > 1 && w.frames.HeadOf(ours) == w.frames.HeadOf(theirs)) {
    // Both in one huge page, which two references keep whole; it is split for the next scan.
    SplitFolio(w, w.frames.HeadOf(ours));
    return Merge::kDone;
  }
  if (!Promote(w, mm, item.vpn)) return Merge::kDone;
  const Pfn stable = LookUp(w, mm, item.vpn).pfn;
  KsmState::Item* other = FindItem(w.ksm, partner.mm, partner.vpn);
  if (!Replace(w, partner.mm, partner.vpn, stable)) return Merge::kBreakCow;
  if (other != nullptr) {
    LeaveTrees(w.ksm, partner.mm, *other);
    other->stable = stable;
  }
  item.stable = stable;
  w.ksm.stable.push_back(stable);
  return Merge::kDone;
}

// unstable_tree_search_insert() and what follows.
Merge TryUnstable(World& w, MmId mm, KsmState::Item& item, Pfn pfn) {
  const Content content = w.frames[pfn].content;
  for (const KsmState::Candidate& c : w.ksm.unstable) {
    if (c.content != content) continue;
    const Page4k page = LookUp(w, c.mm, c.vpn);
    // Gone, or the same page seen through a fork: nothing is merged and nothing inserted.
    if (page.vma == nullptr || page.pfn == pfn) return Merge::kDone;
    if (w.frames[page.pfn].content != content) return Merge::kDone;
    return MergeTwo(w, mm, item, KsmState::Candidate(c));
  }
  w.ksm.unstable.push_back({.content = content, .mm = mm, .vpn = item.vpn});
  return Merge::kDone;
}

// cmp_and_merge_page().
Merge CompareAndMerge(World& w, MmId mm, KsmState::Item& item, Pfn pfn) {
  const bool ksm = w.frames.Head(pfn).Has(kPgKsm);
  if (ksm && item.stable == pfn) return Merge::kDone;
  LeaveTrees(w.ksm, mm, item);
  const Content content = LookAtContent(w, pfn);
  if (!ksm && (!item.has_checksum || item.checksum != content)) {
    item.has_checksum = true;
    item.checksum = content;
    return Merge::kDone;
  }
  const Pfn stable = ksm ? pfn : FindStable(w, content);
  if (stable != Pfn(0)) {
    if (Replace(w, mm, item.vpn, stable)) item.stable = stable;
    return Merge::kDone;
  }
  return TryUnstable(w, mm, item, pfn);
}

void CountShared(const World& w, Outcome& outcome) {
  std::vector<std::uint32_t> pages;
  for (const KsmState::Slot& slot : w.ksm.slots) {
    for (const KsmState::Item& item : slot.items) {
      if (IsStable(w, item.stable)) pages.push_back(item.stable.value);
    }
  }
  std::sort(pages.begin(), pages.end());
  const auto items = static_cast<std::uint64_t>(pages.size());
  outcome.ksm_shared =
      static_cast<std::uint64_t>(std::unique(pages.begin(), pages.end()) - pages.begin());
  outcome.ksm_sharing = items - outcome.ksm_shared;
}

Next StartScan(World& w, Task& t, KsmFrame& f) {
  if (f.scans_left == 0) {
    t.outcome.status = Outcome::Status::kOk;
    CountShared(w, t.outcome);
    return Next::Return();
  }
  --f.scans_left;
  RefreshSlots(w);
  w.ksm.unstable.clear();
  f.slot = 0;
  f.item = 0;
  f.vpn = Vpn(0);
  f.scanned = false;
  return Next::Continue();
}

// The end of a process: what is behind the last page goes, and the slot of a process without a
// mergeable VMA.
void EndSlot(World& w, KsmFrame& f) {
  KsmState::Slot& slot = w.ksm.slots[f.slot];
  while (f.item < slot.items.size()) {
    LeaveTrees(w.ksm, slot.mm, slot.items.back());
    slot.items.pop_back();
  }
  if (f.scanned) {
    ++f.slot;
  } else {
    w.ksm.slots.erase(w.ksm.slots.begin() + f.slot);
  }
  f.item = 0;
  f.vpn = Vpn(0);
  f.scanned = false;
}

Next ScanPage(World& w, Task& t, KsmFrame& f) {
  if (f.slot >= w.ksm.slots.size()) return Next::Goto(kStartScan);
  const MmId mm = w.ksm.slots[f.slot].mm;
  Pfn pfn;
  if (!NextPage(w, mm, f, &pfn)) {
    EndSlot(w, f);
    return Next::Goto(kScanPage);
  }
  KsmState::Item& item = ItemFor(w, f);
  const Vpn vpn = f.vpn;
  ++f.vpn;
  if (Skip(w, mm, item, pfn)) return Next::Goto(kScanPage);
  if (CompareAndMerge(w, mm, item, pfn) == Merge::kDone) return Next::Goto(kScanPage);
  // break_cow(): a stable page with one mapping is of no use.
  PushBreakKsm(t, mm, vpn, vpn + 1);
  return Next::Call(kBroken);
}

Next Broken(World&, Task&, KsmFrame&) { return Next::Goto(kScanPage); }

constexpr Step kSteps[] = {
    StepOf<KsmFrame, &StartScan>("start-scan", kTouchVma | kTouchFolio),
    StepOf<KsmFrame, &ScanPage>("scan-page", kTouchMemory),
    StepOf<KsmFrame, &Broken>("broken", kTouchNothing),
};

}  // namespace

const Path kKsmPath = {"ksm", "mm/ksm.c ksm_do_scan()", kSteps};

Word KsmProtectedWord(const World& w, Word present) {
  return w.arch->WrProtect(Form::kPte, w.arch->MkClean(Form::kPte, present));
}

Word KsmReplacedWord(const World& w, const Vma& vma, Pfn stable) {
  return w.arch->Make(Form::kPte, stable, vma.page_prot);
}

void KsmEnter(World& w, MmId mm) {
  const bool known = std::any_of(w.ksm.slots.begin(), w.ksm.slots.end(),
                                 [&](const KsmState::Slot& s) { return s.mm == mm; });
  if (!known) w.ksm.slots.push_back({.mm = mm, .items = {}});
}

void KsmExit(World& w, MmId mm) {
  std::erase_if(w.ksm.slots, [&](const KsmState::Slot& s) { return s.mm == mm; });
  std::erase_if(w.ksm.unstable, [&](const KsmState::Candidate& c) { return c.mm == mm; });
}

bool KsmCompatible(const Vma& vma) {
  return !vma.Has(kVmShared | kVmMayshare | kVmHugetlb | kVmDroppable | kVmSpecial);
}

void KsmMoved(World& w, Pfn from, Pfn to) {
  std::replace(w.ksm.stable.begin(), w.ksm.stable.end(), from, to);
  for (KsmState::Slot& slot : w.ksm.slots) {
    for (KsmState::Item& item : slot.items) {
      if (item.stable == from) item.stable = to;
    }
  }
}

// run: three full scans. stop: nothing is running between operations.
void Start_ksm(World& w, Task& t) {
  if (t.op.text == "run") {
    PushPath<KsmFrame>(t, PathOf::k_ksm);
  } else if (t.op.text == "unmerge") {
    PushUnmergeAll(t);
  } else if (t.op.text == "stop") {
    t.outcome.status = Outcome::Status::kOk;
    CountShared(w, t.outcome);
  } else {
    Bad(t, "ksm takes run, stop or unmerge");
  }
}

}  // namespace uffdsim

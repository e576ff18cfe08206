// Faults on non-present entries: swap-in, migration, device, poison and markers.
//
// Mirrors: do_swap_page(), handle_pte_marker(), remove_device_exclusive_entry() of mm/memory.c;
//          swapin_sync() of mm/swap_state.c.
// Marker:  the swap entry's uffd bit comes back as the uffd bit, and in an RWP VMA as PROT_NONE
// too; the
//          fault then ends, so that the retried access raises the RWP fault.
#include "model/mm/entry.h"
#include "model/path/alloc.h"
#include "model/path/device_fault.h"
#include "model/path/fault_parts.h"
#include "model/path/huge.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

// A page that was in the swap cache belongs to an anonymous mapping from now on.
void BecomeAnon(World& w, const Vma& vma, Vpn vpn, Pfn pfn) {
  if (w.frames.Head(pfn).Has(kPgAnon)) return;
  Page& page = w.frames[pfn];
  page.flags |= kPgAnon | kPgSwapBacked | kPgLru;
  page.index = vma.IndexOf(vpn);
}

// The page comes back armed: the access has to be repeated, so that it is seen.
bool ComesBackArmed(const World& w, const Vma& vma, Word entry) {
  return vma.UffdRwp() && w.arch->SwpUffd(Form::kPte, entry);
}

}  // namespace

Word SwappedIn(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = arch.MkYoung(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  if (arch.SwpSoftDirty(Form::kPte, entry)) word = arch.MkSoftDirty(Form::kPte, word);
  return w.steps->site.restore_uffd(w, vma, Form::kPte, word, arch.SwpUffd(Form::kPte, entry));
}

bool SwapInMakesWritable(const World& w, const Vma& vma, Word entry, Word present) {
  const Arch& arch = *w.arch;
  if (!vma.Has(kVmWrite) || ComesBackArmed(w, vma, entry)) return false;
  if (vma.UffdWp() && arch.Uffd(Form::kPte, present)) return false;
  return !SoftDirtyEnabled(w, vma) || arch.SoftDirty(Form::kPte, present);
}

bool SwapInGoesOnToWrite(const World& w, const Vma& vma, Word entry, Word present) {
  return !w.arch->Write(Form::kPte, present) && !ComesBackArmed(w, vma, entry);
}

Pfn ReadSwapSlot(World& w, SwapSlot slot, std::uint8_t node) {
  SwapDevice::Slot& s = w.swap[slot];
  if (s.cache != Pfn(0)) return s.cache;
  if (!s.bad && w.Chooses(ChoicePoint::k_fail_swap_in)) s.bad = true;
  if (s.bad) return Pfn(0);
  const Pfn pfn = w.frames.Alloc(0, node);
  Page& page = w.frames[pfn];
  page.content = s.content;
  page.flags |= kPgSwapCache | kPgSwapBacked | kPgLru;
  page.swap_slot = slot;
  s.cache = pfn;
  return pfn;
}

std::uint32_t SwapInFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  if (!SameEntry(w, f)) return kVmFaultOk;
  const SwapSlot slot = SwapSlotOf(arch, f.orig);
  if (w.swap[slot].cache == Pfn(0) && !PageAvailable(w)) return kVmFaultOom;
  Pfn pfn = ReadSwapSlot(w, slot, vma.node());
  if (pfn == Pfn(0) || w.frames[pfn].Has(kPgHwPoison)) {
    return pfn == Pfn(0) ? kVmFaultSigbus : kVmFaultHwpoison;
  }
  bool exclusive = arch.SwpExclusive(f.orig);
  // ksm_might_need_to_copy(): a page whose index does not fit this VMA cannot be mapped here.
  const Page& cached = w.frames.Head(pfn);
  const bool fits = cached.index + (pfn - w.frames.HeadOf(pfn)) == vma.IndexOf(f.vpn);
  const bool copy = cached.Has(kPgAnon) && (cached.Has(kPgKsm) || !fits);
  if (copy) {
    if (!PageAvailable(w)) return kVmFaultOom;
    pfn = NewAnonPage(w, vma, f.vpn, w.frames[pfn].content);
    exclusive = true;
  }
  BecomeAnon(w, vma, f.vpn, pfn);
  Page& page = w.frames[pfn];
  const Word entry = f.orig;
  Word word = w.steps->site.swapped_in(w, vma, entry, pfn);
  const bool write = (f.flags & kFaultWrite) != 0;
  if (exclusive) {
    if (w.steps->site.swap_in_makes_writable(w, vma, entry, word)) {
      word = arch.MkWrite(Form::kPte, word);
      if (write) word = arch.MkDirty(Form::kPte, word);
    }
    page.flags |= kPgAnonExclusive;
  } else {
    page.flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  }
  MapFrames(w, pfn, 1);
  w.mm(f.mm).table.SetPte(f.vpn, word);
  // The reference of the entry goes; on a synchronous device the slot is freed as soon as nobody
  // else needs it, and the page is dirty from then on.
  w.swap.Put(slot);
  if (const Pfn in_cache = w.swap[slot].cache; in_cache != Pfn(0)) {
    FreeSwapIfUnused(w, w.frames.HeadOf(in_cache));
  }
  if (write && w.steps->site.swap_in_goes_on_to_write(w, vma, entry, word)) {
    f.orig = word;
    return kFaultWp;
  }
  return kVmFaultOk;
}

std::uint32_t SoftleafFault(World& w, FaultFrame& f, Vma& vma) {
  const Arch& arch = *w.arch;
  switch (Classify(arch, Form::kPte, f.orig)) {
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite: return SameEntry(w, f) ? kFaultWait : kVmFaultOk;
    case EntryKind::kDeviceExclusive: return RestoreDeviceExclusive(w, f, vma);
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite: return MigrateToRam(w, f, vma);
    case EntryKind::kHwPoison: return kVmFaultHwpoison;
    case EntryKind::kMarker: {
      const std::uint64_t bits = MarkerOf(arch, f.orig);
      if ((bits & kMarkerPoisoned) != 0) return kVmFaultHwpoison;
      if ((bits & kMarkerGuard) != 0) return kVmFaultSigsegv;
      if (!SameEntry(w, f)) return kVmFaultOk;
      if (!vma.UffdWp() && !w.steps->site.keeps_rwp_markers(w, vma)) {
        w.mm(f.mm).table.SetPte(f.vpn, arch.NoneWord(Form::kPte));
        return kVmFaultOk;
      }
      f.was_marker = true;
      return vma.Anonymous() ? AnonymousFault(w, f, vma) : FileFault(w, f, vma);
    }
    case EntryKind::kNone:
    case EntryKind::kPresent:
    case EntryKind::kSwap: return kVmFaultOk;
  }
  return kVmFaultOk;
}

}  // namespace uffdsim

// swapon(2) and swapoff(2): reading everything back.
//
// Mirrors: try_to_unuse(), unuse_pte() of mm/swapfile.c, shmem_unuse() of mm/shmem.c.
// Marker:  the swap entry's uffd bit and soft-dirty bit are restored; in an RWP VMA the entry
// becomes
//          PROT_NONE again. The restored entry is old and never writable. A page that cannot be
//          read leaves a poison marker and its mark is lost.
#include "model/mm/entry.h"
#include "model/path/fault.h"
#include "model/path/huge.h"
#include "model/path/paths.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

struct SwapoffFrame {
  FileId file{1};
  std::uint64_t index = 0;
  MmId mm{};
  Vpn vpn{};
  SwapSlot slot{};  // of the entry at (mm, vpn)
  std::uint32_t rounds = 0;
};

// More rounds than pages that others could swap out meanwhile: some entry is never found, and
// whoever waits gives up with a signal.
constexpr std::uint32_t kMaxRounds = 1000;

enum SwapoffStep : std::uint8_t { kShmem, kFind, kRestore, kOff };

// Brings the swapped pages of one file back into its page cache.
Next UnuseShmem(World& w, Task&, SwapoffFrame& f) {
  if (f.file.value >= w.files.size()) return Next::Continue();
  std::vector<std::uint64_t> swapped;
  w.file(f.file).cache.ForEach(0, ~std::size_t{0}, [&](std::size_t index, CacheSlot slot) {
    if (slot.is_swap()) swapped.push_back(index);
  });
  for (const std::uint64_t index : swapped) {
    ShmemGetPage(w, f.file, index, CacheMiss::kLookOnly, 0);
  }
  ++f.file;
  return Next::Goto(kShmem);
}

// The next swap entry of any process: unuse_pte_range() without a lock.
Next FindEntry(World& w, Task&, SwapoffFrame& f) {
  const Arch& arch = *w.arch;
  for (; f.mm.value < w.mms.size(); ++f.mm, f.vpn = Vpn(0)) {
    const Mm& mm = w.mm(f.mm);
    if (!mm.alive) continue;
    for (std::size_t i = mm.vmas.LowerBound(f.vpn); i < mm.vmas.list().size(); ++i) {
      const Vma& vma = mm.vmas.list()[i];
      if (vma.Hugetlb()) continue;
      if (f.vpn < vma.start) f.vpn = vma.start;
      for (f.vpn = mm.table.NextMapped(f.vpn, vma.end); f.vpn < vma.end;
           f.vpn = mm.table.NextMapped(f.vpn + 1, vma.end)) {
        const Word word = mm.table.GetPte(f.vpn);
        if (!w.steps->site.swapoff_finds(w, word)) continue;
        f.slot = SwapSlotOf(arch, word);
        return Next::Continue();
      }
    }
  }
  return Next::Goto(kOff);
}

// unuse_pte(): under the page-table lock, if the entry still is what was found.
Next Restore(World& w, Task&, SwapoffFrame& f) {
  const Arch& arch = *w.arch;
  PageTable& table = w.mm(f.mm).table;
  const Vma* vma = w.mm(f.mm).vmas.Find(f.vpn);
  const Word entry = table.GetPte(f.vpn);
  if (vma == nullptr || Classify(arch, Form::kPte, entry) != EntryKind::kSwap ||
      SwapSlotOf(arch, entry) != f.slot) {
    return Next::Goto(kFind);
  }
  const Pfn cached = ReadSwapSlot(w, f.slot, vma->node());
  if (cached == Pfn(0) || w.frames[cached].Has(kPgHwPoison)) {
    table.SetPte(f.vpn,
                 cached == Pfn(0) ? MakeMarker(arch, kMarkerPoisoned) : MakeHwPoison(arch, cached));
    EmitLoss(w, f.mm, f.vpn, f.vpn + 1, Cause::kSwapError);
    ReleaseSwapEntry(w, f.slot);
    return Next::Goto(kFind);
  }
  Pfn pfn = cached;
  bool exclusive = arch.SwpExclusive(entry);
  Page& page = w.frames[cached];
  if (page.Has(kPgAnon) && (page.Has(kPgKsm) || page.index != vma->IndexOf(f.vpn))) {
    // ksm_might_need_to_copy(): the cached page belongs to another place.
    pfn = NewAnonPage(w, *vma, f.vpn, page.content);
    exclusive = true;
  } else if (!page.Has(kPgAnon)) {
    page.flags |= kPgAnon | kPgSwapBacked;
    page.index = vma->IndexOf(f.vpn);
  }
  if (exclusive) {
    w.frames[pfn].flags |= kPgAnonExclusive;
  } else {
    w.frames[pfn].flags &= ~static_cast<std::uint32_t>(kPgAnonExclusive);
  }
  MapFrames(w, pfn, 1);
  table.SetPte(f.vpn, w.steps->site.swapoff_restored(w, *vma, entry, pfn));
  w.swap.Put(f.slot);
  FreeSwapIfUnused(w, w.frames.HeadOf(cached));
  return Next::Goto(kFind);
}

// What is left are pages of the swap cache that no entry names.
Next Off(World& w, Task& t, SwapoffFrame& f) {
  for (std::uint32_t i = 1; i < w.swap.size(); ++i) {
    const Pfn cached = w.swap[SwapSlot(i)].cache;
    if (cached != Pfn(0)) FreeSwapIfUnused(w, w.frames.HeadOf(cached));
  }
  if (w.swap.used() != 0) {
    // Somebody swapped out behind the scan: look again.
    if (f.rounds == kMaxRounds) {
      Fail(t, Errno::kEINTR);
      return Next::Return();
    }
    f = SwapoffFrame{.rounds = f.rounds + 1};
    return Next::Goto(kShmem);
  }
  w.swap.SwitchOff();
  t.outcome.status = Outcome::Status::kOk;
  return Next::Return();
}

constexpr Step kSteps[] = {
    StepOf<SwapoffFrame, &UnuseShmem>("shmem", kTouchCache | kTouchSwap),
    StepOf<SwapoffFrame, &FindEntry>("find", kTouchPte),
    StepOf<SwapoffFrame, &Restore>("restore", kTouchPte | kTouchFolio | kTouchSwap),
    StepOf<SwapoffFrame, &Off>("off", kTouchSwap),
};

}  // namespace

Word SwapoffRestored(const World& w, const Vma& vma, Word entry, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = arch.MkOld(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  if (arch.SwpSoftDirty(Form::kPte, entry)) word = arch.MkSoftDirty(Form::kPte, word);
  return w.steps->site.restore_uffd(w, vma, Form::kPte, word, arch.SwpUffd(Form::kPte, entry));
}

bool SwapoffFinds(const World& w, Word word) {
  return Classify(*w.arch, Form::kPte, word) == EntryKind::kSwap;
}

const Path kSwapoffPath = {"swapoff", "mm/swapfile.c try_to_unuse()", kSteps};

void Start_swapon(World& w, Task& t) {
  if (w.swap.on()) return Fail(t, Errno::kEBUSY);
  w.swap.SwitchOn(w.config.swap_pages);
  t.outcome.status = Outcome::Status::kOk;
}

void Start_swapoff(World& w, Task& t) {
  if (!w.swap.on()) return Fail(t, Errno::kEINVAL);
  PushPath<SwapoffFrame>(t, PathOf::k_swapoff);
}

}  // namespace uffdsim

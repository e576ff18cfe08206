// First touch of anonymous memory.
//
// Mirrors: do_anonymous_page() of mm/memory.c.
// Marker:  a uffd-wp marker of a WP VMA becomes the uffd bit of the new entry. RWP has no
// influence:
//          populating an empty page neither traps nor arms.
#include "model/path/alloc.h"
#include "model/path/fault_parts.h"
#include "model/path/rmap.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

Word ZeroPageWord(const World& w, const Vma& vma) {
  return w.arch->MkSpecial(Form::kPte, w.arch->Make(Form::kPte, Frames::kZeroPage, vma.page_prot));
}

Word FreshWord(const World& w, const Vma& vma, Pfn pfn) {
  const Arch& arch = *w.arch;
  Word word = arch.MkYoung(Form::kPte, arch.Make(Form::kPte, pfn, vma.page_prot));
  if (vma.Has(kVmWrite)) word = arch.MkWrite(Form::kPte, arch.MkDirty(Form::kPte, word));
  return word;
}

}  // namespace

bool PopulatesMarked(const Vma& vma, bool was_marker) {
  return was_marker && (vma.UffdWp() || vma.UffdRwp());
}

std::uint32_t AnonymousFault(World& w, FaultFrame& f, Vma& vma) {
  if (vma.Shared()) return kVmFaultSigbus;
  PageTable& table = w.mm(f.mm).table;
  if (!AllocPteTable(w, f.mm, f.vpn)) return kVmFaultOom;
  // A write prepares for its page before it finds out that somebody else will fill it in.
  if ((f.flags & kFaultWrite) != 0) PrepareAnonVma(w, f.mm, vma);
  if (!SameEntry(w, f)) return kVmFaultOk;
  if (vma.UffdMissing()) {
    f.reason = UffdReason::kMissing;
    return kFaultDeliver;
  }
  Word word;
  if ((f.flags & kFaultWrite) == 0) {
    word = ZeroPageWord(w, vma);
  } else {
    if (!PageAvailable(w)) return kVmFaultOom;
    const Pfn pfn = NewAnonPage(w, vma, f.vpn, 0);
    word = FreshWord(w, vma, pfn);
    MapFrames(w, pfn, 1);
  }
  if (w.steps->site.populates_marked(vma, f.was_marker)) word = w.arch->MkUffd(Form::kPte, word);
  table.SetPte(f.vpn, word);
  return kVmFaultOk;
}

}  // namespace uffdsim

// Laws of present words: what mm/debug_vm_pgtable.c checks, and what the MMU owes.
//
// Mirrors: mm/debug_vm_pgtable.c pte_basic_tests(), pmd_basic_tests(), pte_protnone_tests(),
//          pte_soft_dirty_tests(), pte_special_tests(), pmd_thp_tests(), pte_advanced_tests().
// Rules:   the sentence of each law is its row in algebra_laws.def. Where debug_vm_pgtable.c takes
//          one entry per protection, these take every word that helpers can make of it.

#include <algorithm>

#include "model/arch/algebra_internal.h"

namespace uffdsim::algebra_internal {

void MakePresent(Checker& c) {
  const Arch& a = c.arch();
  for (const std::uint64_t frame : c.frames()) {
    for (const Pgprot prot : c.made_prots()) {
      const Word w = a.MakeRaw(c.form(), frame, prot);
      c.Expect(a.Present(c.form(), w), w, "present");
      c.Expect(!a.None(c.form(), w), w, "not none");
      c.Expect(a.RawPfn(c.form(), w) == frame, w, "maps the frame it was made for");
    }
  }
}

void ProtectionMapLaw(Checker& c) {
  const Arch& a = c.arch();
  for (unsigned i = 0; i < 16; ++i) {
    const bool r = (i & 1) != 0, w = (i & 2) != 0, x = (i & 4) != 0, shared = (i & 8) != 0;
    const Word word = a.MakeRaw(c.form(), 0, a.ProtectionMap(r, w, x, shared));
    const bool any = r || w || x;
    c.Expect(a.Protnone(c.form(), word) == !any, word, "protnone exactly for no access");
    c.Expect(a.Write(c.form(), word) == (w && shared), word, "writable exactly when shared");
    if (any) c.Expect(a.Exec(c.form(), word) == x, word, "executable exactly when asked");
  }
}

void YoungLaw(Checker& c) {
  const Arch& a = c.arch();
  for (const auto& [w, frame] : c.words()) {
    c.Expect(a.Young(c.form(), a.MkYoung(c.form(), w)), w, "mkyoung sets young");
    c.Expect(!a.Young(c.form(), a.MkOld(c.form(), w)), w, "mkold clears young");
  }
}

void DirtyLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    c.Expect(a.Dirty(f, a.MkDirty(f, w)), w, "mkdirty sets dirty");
    c.Expect(!a.Dirty(f, a.MkClean(f, w)), w, "mkclean clears dirty");
    c.Expect(a.Dirty(f, a.WrProtect(f, w)) == a.Dirty(f, w), w, "wrprotect keeps dirty");
    c.Expect(a.Dirty(f, a.WrProtect(f, a.MkDirty(f, w))), w, "still dirty after wrprotect");
  }
}

void WriteLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    c.Expect(a.Write(f, a.MkWrite(f, w)), w, "mkwrite makes writable");
    c.Expect(!a.Write(f, a.WrProtect(f, w)), w, "wrprotect makes not writable");
    c.Expect(!a.Write(f, a.WrProtect(f, a.MkWrite(f, w))), w, "also after mkwrite");
  }
}

void SoftDirtyLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (c.layout().soft_dirty == 0) return;
  for (const auto& [w, frame] : c.words()) {
    const Word set = a.MkSoftDirty(f, w);
    const Word clear = a.ClearSoftDirty(f, w);
    c.Expect(a.SoftDirty(f, set), w, "set");
    c.Expect(!a.SoftDirty(f, clear), w, "cleared");
    c.Expect((set ^ clear) == c.layout().soft_dirty, w, "one bit, nothing else");
  }
}

void SpecialLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (c.layout().special == 0) return;
  for (const auto& [w, frame] : c.words()) {
    const Word special = a.MkSpecial(f, w);
    c.Expect(a.Special(f, special), w, "special");
    for (const Checker::Named& next : c.Rewrites(special)) {
      c.Expect(a.Special(f, next.word), special, next.name);
    }
  }
}

// Write permission is not compared: cleaning a shadow-stack entry (x86-64) takes its form away.
void IndependentLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    c.Expect(a.RawPfn(f, w) == frame, w, "maps its frame");
    for (const Word next : {a.MkYoung(f, w), a.MkOld(f, w)}) {
      c.Expect(a.Dirty(f, next) == a.Dirty(f, w), w, "young leaves dirty alone");
      c.Expect(a.RawPfn(f, next) == frame, w, "young leaves the frame alone");
    }
    for (const Word next : {a.MkDirty(f, w), a.MkClean(f, w)}) {
      c.Expect(a.Young(f, next) == a.Young(f, w), w, "dirty leaves young alone");
      c.Expect(a.RawPfn(f, next) == frame, w, "dirty leaves the frame alone");
    }
  }
}

void CommuteLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    c.Expect(a.MkYoung(f, a.MkDirty(f, w)) == a.MkDirty(f, a.MkYoung(f, w)), w, "young and dirty");
    c.Expect(a.MkOld(f, a.MkDirty(f, w)) == a.MkDirty(f, a.MkOld(f, w)), w, "old and dirty");
    c.Expect(a.MkYoung(f, a.WrProtect(f, w)) == a.WrProtect(f, a.MkYoung(f, w)), w,
             "young and wrprotect");
    c.Expect(a.MkDirty(f, a.MkWrite(f, w)) == a.MkWrite(f, a.MkDirty(f, w)), w, "dirty and write");
  }
}

void ProtnoneLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    for (const Pgprot prot : c.prots()) {
      const bool none =
          prot == c.page_none() || prot == a.ProtectionMap(false, false, false, false);
      const Word next = a.Modify(f, w, prot);
      c.Expect(a.Protnone(f, next) == none, w, none ? "modify gives protnone" : "gives access");
      c.Expect(a.Present(f, next), w, "modify leaves it present");
    }
  }
}

void ProtnoneNotWritable(Checker& c) {
  for (const auto& [w, frame] : c.words()) {
    if (!c.arch().Protnone(c.form(), w)) continue;
    c.Expect(!c.arch().Write(c.form(), c.arch().Modify(c.form(), w, c.page_none())), w,
             "not writable");
  }
}

// RWP relies on it: a young page that gets armed should stay young for reclaim.
void ProtnoneKeepsYoung(Checker& c) {
  const Arch& a = c.arch();
  for (const auto& [w, frame] : c.words()) {
    const Word next = a.Modify(c.form(), w, c.page_none());
    c.Expect(a.Young(c.form(), next) == a.Young(c.form(), w), w, "young as before");
  }
}

void ModifyKeeps(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    for (const Pgprot prot : c.prots()) {
      const Word next = a.Modify(f, w, prot);
      c.Expect(a.RawPfn(f, next) == frame, w, "frame");
      c.Expect(a.Dirty(f, next) == a.Dirty(f, w), w, "dirty");
      c.Expect(a.SoftDirty(f, next) == a.SoftDirty(f, w), w, "soft-dirty");
      c.Expect(a.Special(f, next) == a.Special(f, w), w, "special");
      c.Expect(a.Uffd(f, next) == a.Uffd(f, w), w, "mark");
    }
  }
}

void ModifyIdempotent(Checker& c) {
  const Arch& a = c.arch();
  for (const auto& [w, frame] : c.words()) {
    for (const Pgprot prot : c.prots()) {
      const Word once = a.Modify(c.form(), w, prot);
      c.Expect(a.Modify(c.form(), once, prot) == once, w, "the second modify changes nothing");
    }
  }
}

void ProtnoneRoundTrip(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const std::uint64_t frame : c.frames()) {
    for (const Pgprot prot : c.PrivateWritable()) {
      const Word w = a.MkWrite(f, a.MkDirty(f, a.MkYoung(f, a.MakeRaw(f, frame, prot))));
      const Word back = a.MkWrite(f, a.Modify(f, a.Modify(f, w, c.page_none()), prot));
      c.Expect(back == w, w, "the same word again");
    }
  }
}

void AdvanceLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  const std::uint64_t step = f == Form::kPmd ? a.geometry().PmdPages() : 1;
  for (const auto& [w, frame] : c.words()) {
    for (const std::uint64_t pages : {step, 5 * step, 15 * step}) {
      if (frame + pages >= Bit(a.SwpPfnBits())) continue;
      const Word next = a.AdvancePfn(f, w, pages);
      c.Expect(a.RawPfn(f, next) == frame + pages, w, "the frame moves");
      c.Expect(((next ^ w) & ~c.FrameBits()) == 0, w, "no flag changes");
    }
  }
}

void PmdHuge(Checker& c) {
  if (c.form() != Form::kPmd) return;
  for (const auto& [w, frame] : c.words()) c.Expect(c.arch().Leaf(w), w, "pmd_trans_huge");
}

// Dirty is not among what must be kept: loongarch64 drops the hardware's bit here, and callers go
// on with the value that pmdp_invalidate() returned.
void PmdInvalid(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (f != Form::kPmd) return;
  for (const auto& [w, frame] : c.words()) {
    const Word inv = a.MkInvalid(w);
    c.Expect(a.Present(f, inv), w, "present");
    c.Expect(a.Leaf(inv), w, "a leaf");
    c.Expect(!a.HwValid(f, inv), w, "not seen by the MMU");
    c.Expect(a.RawPfn(f, inv) == frame, w, "frame kept");
    c.Expect(a.Uffd(f, inv) == a.Uffd(f, w), w, "mark kept");
    c.Expect(a.SoftDirty(f, inv) == a.SoftDirty(f, w), w, "soft-dirty kept");
  }
}

void PmdInvalidNotProtnone(Checker& c) {
  if (c.form() != Form::kPmd) return;
  for (const auto& [w, frame] : c.words()) {
    c.Expect(!c.arch().Protnone(Form::kPmd, c.arch().MkInvalid(w)), w, "not protnone");
  }
}

void HardwareKeeps(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    for (const Access access : {Access::kRead, Access::kWrite, Access::kExec}) {
      const HwResult hw = a.HwAccess(f, w, access);
      if (hw.kind != HwResult::kOk) {
        c.Expect(hw.word == w, w, "a fault leaves the word alone");
        continue;
      }
      c.Expect(a.Young(f, hw.word), w, "young afterwards");
      c.Expect(access != Access::kWrite || a.Dirty(f, hw.word), w, "dirty after a store");
      c.Expect(a.RawPfn(f, hw.word) == frame, w, "frame kept");
      c.Expect(a.Uffd(f, hw.word) == a.Uffd(f, w), w, "mark kept");
      c.Expect(a.SoftDirty(f, hw.word) == a.SoftDirty(f, w), w, "soft-dirty kept");
      c.Expect(a.Write(f, hw.word) == a.Write(f, w), w, "write permission kept");
    }
  }
}

void AccessFlagsKeep(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.words()) {
    for (const Access fault : {Access::kRead, Access::kWrite}) {
      Word wanted = a.MkYoung(f, w);
      if (fault == Access::kWrite) wanted = a.MkDirty(f, wanted);
      const Word now = a.SetAccessFlags(f, w, wanted, fault);
      c.Expect(a.Uffd(f, now) == a.Uffd(f, w), w, "mark kept");
      c.Expect(a.Protnone(f, now) == a.Protnone(f, w), w, "protnone kept");
      c.Expect(a.RawPfn(f, now) == frame, w, "frame kept");
      c.Expect(fault == Access::kRead || (a.Young(f, now) && a.Dirty(f, now)), w,
               "young and dirty after a write fault");
    }
  }
}

void WindowLaw(Checker& c) {
  for (const auto& [w, frame] : c.words()) {
    const Word seen = c.arch().ModifyProtWindow(c.form(), w);
    c.Expect(!c.arch().HwValid(c.form(), seen), w, "not seen by the MMU");
  }
}

}  // namespace uffdsim::algebra_internal

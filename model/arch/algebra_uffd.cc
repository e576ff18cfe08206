// Laws of the mark, none of which mm/debug_vm_pgtable.c checks.
//
// Mirrors: mm/mprotect.c change_present_ptes() (order of modify and mkuffd), mm/page_table_check.c
//          page_table_check_pte_flags() (no writable marked entry), mm/userfaultfd.c (resolve).
// Rules:   without a mark there is nothing to ask; such a law reports zero checks.

#include <string>

#include "model/arch/algebra_internal.h"

namespace uffdsim::algebra_internal {

void MkUffdLaw(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (!a.SupportsUffd()) return;
  for (const auto& [w, frame] : c.words()) {
    const Word marked = a.MkUffd(f, w);
    c.Expect(a.Uffd(f, marked), w, "marked");
    c.Expect(!a.Write(f, marked), w, "not writable");
    c.Expect(a.Dirty(f, marked) == a.Dirty(f, w), w, "dirty kept");
    c.Expect(a.Young(f, marked) == a.Young(f, w), w, "young kept");
    c.Expect(a.SoftDirty(f, marked) == a.SoftDirty(f, w), w, "soft-dirty kept");
    c.Expect(a.Special(f, marked) == a.Special(f, w), w, "special kept");
    c.Expect(a.Protnone(f, marked) == a.Protnone(f, w), w, "protnone kept");
    c.Expect(a.RawPfn(f, marked) == frame, w, "frame kept");
    const Word cleared = a.ClearUffd(f, marked);
    c.Expect(!a.Uffd(f, cleared), w, "cleared");
    c.Expect((cleared ^ marked) == c.layout().uffd, w, "the mark alone is cleared");
    c.Expect(cleared == a.ClearUffd(f, a.WrProtect(f, w)), w, "what remains is write protection");
  }
}

void MarkKept(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (!a.SupportsUffd()) return;
  for (const auto& [w, frame] : c.words()) {
    for (const Checker::Named& next : c.Rewrites(w)) {
      c.Expect(a.Uffd(f, next.word) == a.Uffd(f, w), w, next.name);
    }
  }
}

void MarkCommutes(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (!a.SupportsUffd()) return;
  for (const auto& [w, frame] : c.words()) {
    c.Expect(
        a.Modify(f, a.MkUffd(f, w), c.page_none()) == a.MkUffd(f, a.Modify(f, w, c.page_none())), w,
        "mkuffd and modify(PAGE_NONE) in either order");
  }
}

void RwpIdempotent(Checker& c) {
  if (!c.arch().SupportsUffd()) return;
  for (const auto& [w, frame] : c.words()) {
    const Word once = c.Rwp(w);
    c.Expect(c.Rwp(once) == once, w, "the second application changes nothing");
    c.Expect(c.arch().Protnone(c.form(), once) && c.arch().Uffd(c.form(), once), w,
             "protnone and marked");
  }
}

void RwpRoundTrip(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  if (!a.SupportsUffd()) return;
  for (const std::uint64_t frame : c.frames()) {
    for (const Pgprot prot : c.PrivateWritable()) {
      const Word w = a.MkWrite(f, a.MkDirty(f, a.MkYoung(f, a.MakeRaw(f, frame, prot))));
      const Word resolved = a.MkYoung(f, a.ClearUffd(f, a.Modify(f, c.Rwp(w), prot)));
      c.Expect(a.MkWrite(f, resolved) == w, w, "the same word again");
    }
  }
}

void MarkedNotWritable(Checker& c) {
  const Arch& a = c.arch();
  if (!a.SupportsUffd()) return;
  for (const auto& [w, frame] : c.legal_words()) {
    c.Expect(!(a.Uffd(c.form(), w) && a.Write(c.form(), w)), w, "not marked and writable");
  }
}

void MarkedTraps(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  for (const auto& [w, frame] : c.legal_words()) {
    if (a.Uffd(f, w)) {
      c.Expect(a.HwAccess(f, w, Access::kWrite).kind != HwResult::kOk, w, "a store traps");
    }
    if (!a.Protnone(f, w)) continue;
    for (const Access access : {Access::kRead, Access::kWrite, Access::kExec}) {
      c.Expect(a.HwAccess(f, w, access).kind != HwResult::kOk, w, "any access traps");
    }
  }
}

namespace {

// Bits that a rewriter writes for reasons of its own.
Word Written(const Rewrite& r) {
  return r.clear | r.set | r.before.clear | r.before.set | r.after[0].clear | r.after[0].set |
         r.after[1].clear | r.after[1].set;
}

Word Asked(const Test& t) { return t.any | t.mask1 | t.mask2; }

// A named field (or the frame) that uses one of the bits; empty when none does.
std::string_view UserOf(const Checker& c, Word bits) {
  if ((c.FrameBits() & bits) != 0) return "the frame number";
  for (const Field& field : c.arch().layout().fields[static_cast<std::size_t>(c.form())]) {
    const bool used = field.use == FieldUse::kUsed && field.name != "uffd";
    if (used && (Bits(field.hi, field.lo) & bits) != 0) return field.name;
  }
  return {};
}

}  // namespace

void MarkBitFree(Checker& c) {
  const Arch& a = c.arch();
  if (!a.SupportsUffd()) return;
  const FormLayout& l = c.layout();
  const Word mark = l.uffd;
  const std::string_view user = UserOf(c, mark);
  c.Expect(user.empty(), mark,
           user.empty() ? "" : "a bit that is free, but " + std::string(user) + " has it");
  const Word asked = Asked(l.present) | Asked(l.protnone) | Asked(l.write) | Asked(l.exec) |
                     Asked(l.dirty) | l.young | l.soft_dirty | l.special;
  c.Expect((asked & mark) == 0, mark, "no predicate looks at the mark's bit");
  const Word written = Written(l.make) | Written(l.mkwrite) | Written(l.wrprotect) |
                       Written(l.mkdirty) | Written(l.mkyoung) | Written(l.mkold) |
                       Written(l.mkclean) | Written(l.mkspecial) | Written(l.mkinvalid);
  c.Expect((written & mark) == 0, mark, "no rewriter writes the mark's bit");
  Word prots = 0;
  for (const Pgprot prot : c.made_prots()) prots |= a.MakeRaw(c.form(), 0, prot) & ~c.FrameBits();
  c.Expect((prots & mark) == 0, mark, "no protection contains the mark's bit");
  const SwpCodec& s = l.swp;
  const Word exclusive = c.form() == Form::kPte ? s.exclusive : 0;
  const Word swp = (s.type_mask << s.type_shift) | (s.offset_mask << s.offset_shift) | s.set |
                   s.soft_dirty | exclusive;
  c.Expect((swp & s.uffd) == 0, s.uffd, "the swap entry's mark is outside type, offset and flags");
  c.Expect(((Asked(l.present) | Asked(l.protnone)) & s.uffd) == 0, s.uffd,
           "the swap entry's mark does not make it present");
}

}  // namespace uffdsim::algebra_internal

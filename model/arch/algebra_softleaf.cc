// Laws of non-present words and of hugetlb's own formats.
//
// Mirrors: mm/debug_vm_pgtable.c pte_swap_tests(), pmd_softleaf_tests(), swap_migration_tests(),
//          pte_swap_exclusive_tests(), hugetlb_basic_tests().

#include "model/arch/algebra_internal.h"
#include "model/arch/decode.h"

namespace uffdsim::algebra_internal {
namespace {

unsigned FlagsOf(const Arch& a, Form f, Word w) {
  unsigned flags = 0;
  if (a.SwpUffd(f, w)) flags |= 1;
  if (a.SwpSoftDirty(f, w)) flags |= 2;
  if (f == Form::kPte && a.SwpExclusive(w)) flags |= 4;
  return flags;
}

}  // namespace

void SwapRoundTrip(Checker& c) {
  for (const SoftleafWord& s : c.softleaves()) {
    c.Expect(c.arch().SwpDecode(c.form(), s.word) == s.entry, s.word, "type and offset again");
  }
}

void SwapFlags(Checker& c) {
  const Arch& a = c.arch();
  const Form f = c.form();
  const SwpCodec& codec = c.layout().swp;
  for (const SoftleafWord& s : c.softleaves()) {
    c.Expect(FlagsOf(a, f, s.word) == s.flags, s.word, "exactly the flags that were set");
    if (codec.uffd != 0) {
      c.Expect(FlagsOf(a, f, a.SwpMkUffd(f, s.word)) == (s.flags | 1), s.word, "uffd alone is set");
      c.Expect(FlagsOf(a, f, a.SwpClearUffd(f, s.word)) == (s.flags & ~1U), s.word,
               "uffd alone is cleared");
    }
    if (codec.soft_dirty != 0) {
      c.Expect(FlagsOf(a, f, a.SwpMkSoftDirty(f, s.word)) == (s.flags | 2), s.word,
               "soft-dirty alone is set");
      c.Expect(FlagsOf(a, f, a.SwpClearSoftDirty(f, s.word)) == (s.flags & ~2U), s.word,
               "soft-dirty alone is cleared");
    }
    if (f == Form::kPte) {
      c.Expect(FlagsOf(a, f, a.SwpMkExclusive(s.word)) == (s.flags | 4), s.word,
               "exclusive alone is set");
      c.Expect(FlagsOf(a, f, a.SwpClearExclusive(s.word)) == (s.flags & ~4U), s.word,
               "exclusive alone is cleared");
    }
  }
}

void SwapNotNone(Checker& c) {
  for (const SoftleafWord& s : c.softleaves()) {
    c.Expect(!c.arch().None(c.form(), s.word), s.word, "not empty");
  }
}

void SwapNotPresent(Checker& c) {
  for (const SoftleafWord& s : c.softleaves()) {
    c.Expect(!c.arch().Present(c.form(), s.word), s.word, "not present");
    c.Expect(!c.arch().Protnone(c.form(), s.word), s.word, "not protnone");
  }
}

void SwapNotHwValid(Checker& c) {
  for (const SoftleafWord& s : c.softleaves()) {
    c.Expect(!c.arch().HwValid(c.form(), s.word), s.word, "not seen by the MMU");
  }
}

void MigrationAd(Checker& c) {
  const Arch& a = c.arch();
  if (!a.SupportsMigrationAd()) return;
  const SwpTypes& types = a.swp_types();
  for (const std::uint8_t type :
       {types.migration_read, types.migration_read_exclusive, types.migration_write}) {
    for (const std::uint64_t frame : c.frames()) {
      for (std::uint64_t ad = 0; ad < 4; ++ad) {
        const Word w = a.SwpEncode(c.form(), {type, frame | (ad << a.SwpPfnBits())});
        const SwpEntry e = a.SwpDecode(c.form(), w);
        c.Expect((e.offset & (Bit(a.SwpPfnBits()) - 1)) == frame, w, "frame");
        c.Expect((e.offset >> a.SwpPfnBits()) == ad, w, "young and dirty");
        c.Expect(e.type == type, w, "type");
      }
    }
  }
}

void OneKind(Checker& c) {
  const Arch& a = c.arch();
  for (const SoftleafWord& s : c.softleaves()) {
    if (a.None(c.form(), s.word)) continue;  // a law of its own
    c.Expect(ClassifyWord(a, c.form(), s.word) == ClassifySoftleaf(a, s.entry.type), s.word,
             "the kind it was made as");
  }
  for (const auto& [w, frame] : c.words()) {
    const WordKind want = a.Protnone(c.form(), w) ? WordKind::kProtnone : WordKind::kPresent;
    c.Expect(!a.None(c.form(), w), w, "a mapping is not empty");
    c.Expect(ClassifyWord(a, c.form(), w) == want, w, "a mapping");
  }
}

void NoAlias(Checker& c) {
  const FormLayout& l = c.layout();
  const Word dirty = l.dirty.any != 0 ? l.dirty.any : l.dirty.mask1;
  const Word present[] = {l.young, dirty, l.soft_dirty, l.uffd, l.special, c.FrameBits()};
  Word seen = 0;
  for (const Word mask : present) {
    c.Expect((seen & mask) == 0, mask, "distinct from the masks before it");
    seen |= mask;
  }
  const SwpCodec& s = l.swp;
  const Word swap[] = {s.uffd, s.soft_dirty, c.form() == Form::kPte ? s.exclusive : 0,
                       s.type_mask << s.type_shift, s.offset_mask << s.offset_shift};
  seen = 0;
  for (const Word mask : swap) {
    c.Expect((seen & mask) == 0, mask, "distinct from the swap masks before it");
    seen |= mask;
  }
}

void HugetlbPresent(Checker& c) {
  const Arch& a = c.arch();
  const Form f = Form::kPte;
  if (c.form() != f) return;
  for (int i = 0; i < kHugeSizes; ++i) {
    const auto size = static_cast<HugeSize>(i);
    if (a.HugeOrder(size) == 0) continue;
    for (const std::uint64_t frame : c.frames()) {
      const std::uint64_t head = frame >> a.HugeOrder(size) << a.HugeOrder(size);
      for (const Pgprot prot : c.made_prots()) {
        const Word fresh = a.HugetlbMake(size, head, prot);
        const Word used = a.MkWrite(f, a.MkDirty(f, a.MkYoung(f, fresh)));
        // hugetlb_change_protection() shapes the entry again after pte_modify().
        const Word rwp = a.layout().huge[static_cast<std::size_t>(i)](c.Rwp(used));
        for (const Word w : {fresh, used, a.MkOld(f, used), a.MkClean(f, used), rwp}) {
          c.Expect(a.RawPfn(f, w) == head, w, "maps its head frame");
          c.Expect(a.HugetlbLoad(size, a.HugetlbStore(size, w)) == w, w, "the same word again");
        }
      }
    }
  }
}

void HugetlbSwap(Checker& c) {
  const Arch& a = c.arch();
  if (c.form() != Form::kPte) return;
  for (int i = 0; i < kHugeSizes; ++i) {
    const auto size = static_cast<HugeSize>(i);
    if (a.HugeOrder(size) == 0) continue;
    for (const SoftleafWord& s : c.softleaves()) {
      if (ClassifySoftleaf(a, s.entry.type) == WordKind::kSwap) continue;  // hugetlb never swaps
      const Word back = a.HugetlbLoad(size, a.HugetlbStore(size, s.word));
      c.Expect(a.SwpDecode(Form::kPte, back) == s.entry, s.word, "type and offset again");
      c.Expect(FlagsOf(a, Form::kPte, back) == s.flags, s.word, "the same flags");
    }
  }
}

}  // namespace uffdsim::algebra_internal

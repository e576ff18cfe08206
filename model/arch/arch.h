// An architecture's page-table entries: what every bit of a raw word means, and the kernel's
// accessors over them.
//
// Mirrors:   arch/*/include/asm/pgtable*.h, include/linux/pgtable.h, swapops.h, leafops.h.
// Marker:    the userfaultfd bit is a field of the word; nothing beside the word knows about it.
// Rules:     accessors are pure (word in, word out), inline, and only interpret the masks of a
//            `Layout`. They never check that they are used on the right kind of entry: using the
//            wrong one must go wrong here as it does in the kernel.
// Owned by:  the catalogue, for the whole program; derived configurations (what-if, profiles) by
//            whoever made them. An Arch is a value: copying it is cheap enough, sharing is usual.
// Errors:    none; a null from FindArch means an unknown name.
//
// An `Arch` is one *configuration* (x86_64-4level, arm64-16k, riscv64-noext, ...). Accessors come
// in the kernel's two families: `Form::kPte` is pte_*() (also used for hugetlb entries of any
// size, after HugetlbLoad), `Form::kPmd` is pmd_*().
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/arch/layout.h"
#include "model/base/ids.h"

namespace uffdsim {

// Generic type and offset of a non-present entry (swp_entry_t / softleaf_t).
struct SwpEntry {
  std::uint8_t type = 0;     // 0..31, see SwpTypes
  std::uint64_t offset = 0;  // slot, or pfn with A/D bits, or marker bits
  friend constexpr bool operator==(const SwpEntry&, const SwpEntry&) = default;
};

// The generic entry has 58 offset bits (SWP_OFFSET_MASK).
inline constexpr std::uint64_t kSwpOffsetMask = Bits(57, 0);

// Offset bits of a PTE marker entry.
enum MarkerBits : std::uint64_t {
  kMarkerUffdWp = 1,
  kMarkerPoisoned = 2,
  kMarkerGuard = 4,
};

// What the MMU does with an access to a hardware-visible word.
struct HwResult {
  enum Kind : std::uint8_t {
    kOk,           // translated; `word` has the A/D bits the hardware set
    kTranslation,  // fault: not present for the hardware
    kPermission,   // fault: present, access not allowed
    kAccessFlag,   // fault: hardware does not set young itself
    kDirtyFlag,    // fault: hardware does not set dirty itself
  } kind;
  Word word;
};

class Arch {
 public:
  constexpr explicit Arch(const Layout& layout) : layout_(layout) {
    for (FormLayout& form : layout_.form) form.Derive();
  }

  const Layout& layout() const { return layout_; }
  std::string_view name() const { return layout_.name.view(); }         // e.g. "x86_64-4level"
  std::string_view kernel_name() const { return layout_.kernel_name; }  // as uname -m: "aarch64"
  std::string_view family() const { return layout_.family; }            // "arm64"
  std::string_view sentence() const { return layout_.sentence; }
  const Geometry& geometry() const { return layout_.geometry; }
  const SwpTypes& swp_types() const { return layout_.swp_types; }

  // What the configuration offers: each answer follows from bits and options, never from a list.
  bool SupportsUffd() const { return layout_.form[0].uffd != 0; }  // at run time; WP and RWP
  bool SupportsUffdMinor() const { return layout_.uffd_minor; }
  bool SupportsSoftDirty() const { return layout_.form[0].soft_dirty != 0; }
  bool SupportsMigrationAd() const {  // migration entries have room for young and dirty
    return (layout_.form[0].swp.offset_mask >> (SwpPfnBits() + 1U)) != 0;
  }
  bool SupportsPmdSoftleaves() const { return layout_.pmd_softleaves; }
  bool SupportsThp() const { return layout_.has_thp; }
  bool HasHwPoison() const { return swp_types().hwpoison != kNoSwpType; }
  bool HasHwYoung() const {  // arch_has_hw_pte_young()
    return layout_.has_hw_young;
  }
  std::uint8_t SwpPfnBits() const {
    return static_cast<std::uint8_t>(layout_.max_physmem_bits - geometry().page_shift);
  }
  std::uint8_t PmdOrder() const { return geometry().bits[0]; }  // log2 of base pages
  // log2 of base pages of a hugetlb leaf size; 0 when the configuration does not offer it.
  std::uint8_t HugeOrder(HugeSize size) const {
    return layout_.huge_order[static_cast<std::size_t>(size)];
  }

  // vm_get_page_prot() for one of the sixteen combinations.
  Pgprot ProtectionMap(bool read, bool write, bool exec, bool shared) const {
    return layout_.protection_map[(read ? 1U : 0U) | (write ? 2U : 0U) | (exec ? 4U : 0U) |
                                  (shared ? 8U : 0U)];
  }
  // PAGE_NONE, which NUMA hints and RWP apply. loongarch64's differs from its PROT_NONE protection.
  Pgprot PageNone() const { return layout_.page_none; }

  // --- predicates -------------------------------------------------------------------------------
  bool None(Form f, Word w) const { return of(f).none(w); }
  bool Present(Form f, Word w) const {  // pte_present(): includes protnone
    const FormLayout& l = of(f);
    return l.present_hook == nullptr ? l.present(w) : l.present_hook(w);
  }
  bool HwValid(Form f, Word w) const {
    return hw(f).valid(w) && (w & hw(f).hidden) == 0;
  }  // the MMU would translate it
  bool Protnone(Form f, Word w) const { return of(f).protnone(w); }
  bool Write(Form f, Word w) const { return of(f).write(w); }
  bool Exec(Form f, Word w) const { return of(f).exec(w); }
  bool Dirty(Form f, Word w) const { return of(f).dirty(w); }
  bool Young(Form f, Word w) const { return (w & of(f).young) != 0; }
  bool Uffd(Form f, Word w) const { return (w & of(f).uffd) != 0; }
  bool SoftDirty(Form f, Word w) const { return (w & of(f).soft_dirty) != 0; }
  bool Special(Form f, Word w) const { return (w & of(f).special) != 0; }
  // pmd_trans_huge(): present and a huge mapping.
  bool Leaf(Word pmd) const { return layout_.trans_huge(pmd) && Present(Form::kPmd, pmd); }
  // pmd_leaf() as the macro has it: on powerpc and loongarch64 also true for PMD swap entries.
  bool LeafBit(Word pmd) const { return layout_.pmd_leaf(pmd); }
  std::uint64_t RawPfn(Form f, Word w) const;  // full width, for words that are not mappings too
  Pfn PfnOf(Form f, Word w) const { return Pfn(static_cast<std::uint32_t>(RawPfn(f, w))); }

  // --- constructors and rewriters ---------------------------------------------------------------
  Word NoneWord(Form f) const { return of(f).none_word; }
  // pfn_pte / pfn_pmd (+ pmd_mkhuge for kPmd).
  Word Make(Form f, Pfn pfn, Pgprot prot) const { return MakeRaw(f, pfn.value, prot); }
  Word MakeRaw(Form f, std::uint64_t pfn, Pgprot prot) const {
    const Word w = MakePlain(f, pfn, prot);
    return f == Form::kPte ? w : of(f).mkhuge(w);
  }
  Word MakePlain(Form f, std::uint64_t pfn, Pgprot prot) const;  // pfn_pte / pfn_pmd alone
  Word PmdMkHuge(Word pmd) const { return of(Form::kPmd).mkhuge(pmd); }
  Word Modify(Form f, Word w, Pgprot prot) const;                  // pte_modify / pmd_modify
  Word MkWrite(Form f, Word w) const { return of(f).mkwrite(w); }  // for an ordinary VMA
  Word MkWriteNovma(Form f, Word w) const { return of(f).mkwrite_novma(w); }
  Word MkWriteShstk(Form f, Word w) const { return of(f).mkwrite_shstk(w); }
  Word WrProtect(Form f, Word w) const { return of(f).wrprotect(w); }
  Word MkDirty(Form f, Word w) const { return of(f).mkdirty(w); }
  Word MkClean(Form f, Word w) const { return of(f).mkclean(w); }
  Word MkYoung(Form f, Word w) const { return of(f).mkyoung(w); }
  Word MkOld(Form f, Word w) const { return of(f).mkold(w); }
  Word MkUffd(Form f, Word w) const { return of(f).mkuffd(w); }
  Word ClearUffd(Form f, Word w) const { return w & ~of(f).uffd; }
  Word MkSoftDirty(Form f, Word w) const { return w | of(f).soft_dirty; }
  Word ClearSoftDirty(Form f, Word w) const { return w & ~of(f).soft_dirty; }
  Word MkSpecial(Form f, Word w) const { return of(f).mkspecial(w); }
  Word MkHuge(Word pte) const { return layout_.huge[1](pte); }  // pte_mkhuge()
  Word MkInvalid(Word pmd) const {                              // pmd_mkinvalid()
    return Reinvert(of(Form::kPmd), pmd, of(Form::kPmd).mkinvalid(pmd));
  }
  // pte_advance_pfn(): the entry of the page `pages` further on in the same batch.
  Word AdvancePfn(Form f, Word w, std::uint64_t pages) const;

  // --- non-present entries ----------------------------------------------------------------------
  Word SwpEncode(Form f, SwpEntry entry) const;  // swp_entry_to_pte / softleaf_to_pmd
  SwpEntry SwpDecode(Form f, Word w) const;      // strips the flags first
  bool SwpUffd(Form f, Word w) const { return (w & of(f).swp.uffd) != 0; }
  Word SwpMkUffd(Form f, Word w) const { return w | of(f).swp.uffd; }
  Word SwpClearUffd(Form f, Word w) const { return w & ~of(f).swp.uffd; }
  bool SwpSoftDirty(Form f, Word w) const { return (w & of(f).swp.soft_dirty) != 0; }
  Word SwpMkSoftDirty(Form f, Word w) const { return w | of(f).swp.soft_dirty; }
  Word SwpClearSoftDirty(Form f, Word w) const { return w & ~of(f).swp.soft_dirty; }
  bool SwpExclusive(Word pte) const { return (pte & of(Form::kPte).swp.exclusive) != 0; }
  Word SwpMkExclusive(Word pte) const { return pte | of(Form::kPte).swp.exclusive; }
  Word SwpClearExclusive(Word pte) const { return pte & ~of(Form::kPte).swp.exclusive; }

  // --- hugetlb: what is stored in the table against what the pte helpers see ---------------------
  // pfn_pte() shaped by pte_mkhuge() / arch_make_huge_pte() for the size.
  Word HugetlbMake(HugeSize size, std::uint64_t pfn, Pgprot prot) const {
    return layout_.huge[static_cast<std::size_t>(size)](MakeRaw(Form::kPte, pfn, prot));
  }
  Word HugetlbStore(HugeSize size, Word pte) const {
    return layout_.hugetlb_store == nullptr ? pte : layout_.hugetlb_store(size, pte);
  }
  Word HugetlbLoad(HugeSize size, Word raw) const {
    return layout_.hugetlb_load == nullptr ? raw : layout_.hugetlb_load(size, raw);
  }

  // --- hardware and transactions ----------------------------------------------------------------
  HwResult HwAccess(Form f, Word w, Access access) const;
  // ptep_set_access_flags(): the word in the table afterwards. `fault` is the access that faulted;
  // x86-64 stores nothing after a read (the CPU sets Accessed when the access is repeated).
  Word SetAccessFlags(Form f, Word old_word, Word new_word, Access fault = Access::kWrite) const;
  // What a lockless reader sees between modify_prot start and commit (PTE), or between
  // pmdp_invalidate and the store (PMD).
  Word ModifyProtWindow(Form f, Word w) const {
    return f == Form::kPte ? of(f).window(w) : MkInvalid(w);
  }

 private:
  const FormLayout& of(Form f) const { return layout_.form[static_cast<std::size_t>(f)]; }
  const HwModel& hw(Form f) const { return layout_.hw[static_cast<std::size_t>(f)]; }

  // Whether the frame field of `w` is stored inverted (__pte_needs_invert()).
  static bool Inverted(const FormLayout& l, Word w) { return w != 0 && (w & l.invert_unless) == 0; }
  // flip_protnone_guard(): keep the frame when `to` needs another polarity than `from`.
  static Word Reinvert(const FormLayout& l, Word from, Word to) {
    return l.invert != 0 && Inverted(l, from) != Inverted(l, to) ? to ^ l.invert : to;
  }

  // The protection as PMD entries spell it (massage_pgprot_pmd() of s390x; identity elsewhere).
  Pgprot PmdProt(Pgprot prot) const;

  Layout layout_;
};

inline Pgprot Arch::PmdProt(Pgprot prot) const {
  if (layout_.pmd_prot_from[0] == 0) return prot;
  std::size_t i = 0;
  while (i + 1 < layout_.pmd_prot_from.size() && layout_.pmd_prot_from[i] != prot) ++i;
  return layout_.pmd_prot_to[i];  // the last row also stands for whatever is not listed
}

inline std::uint64_t Arch::RawPfn(Form f, Word w) const {
  const FormLayout& l = of(f);
  if (l.invert != 0 && Inverted(l, w)) w = ~w;
  Word address = w & l.pfn.mask;
  if (l.pfn.high_mask != 0) address |= (w & l.pfn.high_mask) << l.pfn.high_shift;
  std::uint64_t pfn = address >> l.pfn.word_shift;
  if ((w & l.pfn.napot) != 0) pfn &= pfn - 1;
  return pfn;
}

inline Word Arch::MakePlain(Form f, std::uint64_t pfn, Pgprot prot) const {
  const FormLayout& l = of(f);
  if (f == Form::kPmd) prot = PmdProt(prot);
  Word address = pfn << l.pfn.word_shift;
  if (l.pfn.high_mask != 0) address |= address >> l.pfn.high_shift;
  if (l.invert != 0 && Inverted(l, prot)) address = ~address;
  return l.make((address & (l.pfn.mask | l.pfn.high_mask)) | prot);
}

inline Word Arch::Modify(Form f, Word w, Pgprot prot) const {
  const FormLayout& l = of(f);
  if (f == Form::kPmd) prot = PmdProt(prot);
  const Word old_word = w;
  if (l.modify.plain) return (w & l.modify.keep) | (prot & l.modify.take);
  w = (l.modify.before(w) & l.modify.keep) | (prot & l.modify.take);
  w = Reinvert(l, old_word, w);
  for (const ModifyRule& after : l.modify.after) {
    if ((old_word & after.old_mask) == after.old_value) w = after.rule(w);
  }
  return w;
}

inline Word Arch::AdvancePfn(Form f, Word w, std::uint64_t pages) const {
  const FormLayout& l = of(f);
  if ((w & l.pfn.napot) != 0) return w;  // every entry of the group holds the same value
  const Word field = l.pfn.mask | l.pfn.high_mask;
  if (l.pfn.high_mask != 0) {
    const Word address = (RawPfn(f, w) + pages) << l.pfn.word_shift;
    return (w & ~field) | ((address | (address >> l.pfn.high_shift)) & field);
  }
  const Word step = pages << l.pfn.word_shift;
  return l.invert != 0 && Inverted(l, w) ? w - step : w + step;
}

inline Word Arch::SwpEncode(Form f, SwpEntry entry) const {
  const SwpCodec& c = of(f).swp;
  const Word offset = (entry.offset & kSwpOffsetMask) << c.offset_shift;
  return ((offset ^ c.invert) & c.encode_mask) | (Word{entry.type} << c.type_shift) | c.set;
}

inline SwpEntry Arch::SwpDecode(Form f, Word w) const {
  const SwpCodec& c = of(f).swp;
  w &= ~(c.uffd | c.soft_dirty | (f == Form::kPte ? c.exclusive : 0));
  return {static_cast<std::uint8_t>((w >> c.type_shift) & c.type_mask),
          ((w ^ c.invert) >> c.offset_shift) & c.offset_mask};
}

inline HwResult Arch::HwAccess(Form f, Word w, Access access) const {
  const HwModel& m = hw(f);
  const bool young = (w & m.young) != 0;
  if (!m.valid(w)) return {HwResult::kTranslation, w};
  // Arm ranks the access-flag fault above the permission fault; nobody can tell elsewhere.
  if (!young && layout_.young_mode == AdMode::kFault) return {HwResult::kAccessFlag, w};
  if (!m.allow[static_cast<std::size_t>(access)](w)) return {HwResult::kPermission, w};
  Word now = young ? w : m.set_young(w);
  if (access == Access::kWrite && !m.dirty(now)) {
    if (layout_.dirty_mode == AdMode::kFault) return {HwResult::kDirtyFlag, w};
    now = m.set_dirty(now);
  }
  return {HwResult::kOk, now};
}

inline Word Arch::SetAccessFlags(Form f, Word old_word, Word new_word, Access fault) const {
  switch (layout_.flags_store) {
    case FlagsStore::kWhole: return new_word;
    case FlagsStore::kWholeIfWrite: return fault == Access::kWrite ? new_word : old_word;
    case FlagsStore::kMerge: {
      const Word ors = layout_.flags_or[static_cast<std::size_t>(f)];
      const Word ands = layout_.flags_and[static_cast<std::size_t>(f)];
      return (old_word | (new_word & ors)) & (~ands | new_word);
    }
  }
  return new_word;
}

// The catalogue: every configuration, in a fixed order. Lives for the whole program.
std::span<const Arch* const> AllArchs();

// By catalogue name, by short alias ("x86_64", "arm64", "riscv64", "powerpc64", "s390x",
// "loongarch64": the family's default), or by the parts of a name in another order
// ("riscv64-sv39-noext"). Null when unknown.
const Arch* FindArch(std::string_view name);

// The configuration of a running kernel: of the architecture that uname -m names, with this page
// size in bytes and, where there is one, with or without the userfaultfd bit as the kernel offers
// it. The family's default goes before the others. Null when there is none with that page size.
const Arch* FindKernelArch(std::string_view machine, std::uint64_t page_size, bool uffd);

}  // namespace uffdsim

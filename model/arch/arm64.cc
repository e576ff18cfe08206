// arm64, 4, 16 and 64 KiB granules.
//
// Mirrors:  arch/arm64/include/asm/pgtable-prot.h, pgtable-hwdef.h, pgtable.h, arch/arm64/mm/mmap.c
//           (protection map), hugetlbpage.c, contpte.c, fault.c (ptep_set_access_flags).
// Marker:   bit 58 (a software bit) when present, bit 3 in swap entries.
// Protnone: VALID clear, NG set, USER clear, UXN set. "VALID clear, NG set" alone also describes an
//           entry under pmd_mkinvalid(); exec-only entries keep UXN clear.
// A/D:      AF is young. Dirty is a software bit (55), or WRITE with RDONLY clear: with FEAT_HAFDBS
//           a store to an entry with WRITE (DBM) clears RDONLY. Helpers that take WRITE away latch
//           that into the software bit first. There is no soft-dirty.
// Trap:     pmd_mkinvalid() of a protnone PMD changes nothing, so it still reads as protnone.
//
// Suffixes: none = FEAT_HAFDBS sets AF and dirty; -haf = it sets AF only; -nohafdbs = neither, both
// fault. -lpa2: 52-bit addresses with 4 or 16 KiB granules, whose top two bits take the place of
// the shareability field.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kValid = Bit(0);
constexpr Word kType = Bit(1);  // 1: page or table, 0: block
constexpr Word kAttrIndx = Bits(4, 2);
constexpr Word kUser = Bit(6);
constexpr Word kRdonly = Bit(7);
constexpr Word kSharedBits = Bits(9, 8);
constexpr Word kAf = Bit(10);
constexpr Word kNg = Bit(11);
constexpr Word kPresentInvalid = kNg;  // when VALID is clear
constexpr Word kGp = Bit(50);
constexpr Word kWrite = Bit(51);  // = DBM
constexpr Word kCont = Bit(52);
constexpr Word kPxn = Bit(53);
constexpr Word kUxn = Bit(54);
constexpr Word kDirty = Bit(55);
constexpr Word kSpecial = Bit(56);
constexpr Word kUffd = Bit(58);
constexpr Word kPoIndex = Bits(62, 60);

// What pte_modify() takes from the new protection; everything else is kept.
constexpr Word kModifyMask =
    kValid | kAttrIndx | kUser | kRdonly | kNg | kGp | kWrite | kPxn | kUxn | kPoIndex;
static_assert(kModifyMask == 0x706c0000000008dd);

constexpr Field kFields[] = {
    {"valid", 0, 0},
    {"type_page", 1, 1},
    {"attr_indx", 4, 2},
    {"ns", 5, 5},  // ignored in the non-secure state, but the architecture's
    {"user", 6, 6},
    {"rdonly", 7, 7},
    {"shareability", 9, 8},
    {"af", 10, 10},
    {"ng", 11, 11},
    {"gp", 50, 50},
    {"write", 51, 51},
    {"cont", 52, 52},
    {"pxn", 53, 53},
    {"uxn", 54, 54},
    {"dirty", 55, 55},
    {"special", 56, 56},
    {"sw57", 57, 57, FieldUse::kSpare},
    {"uffd", 58, 58},
    {"res59", 59, 59},
    {"po_index", 62, 60},
    {"sw63", 63, 63, FieldUse::kSpare},
};

constexpr Letter kLetters[] = {
    {'P', AllOf(kValid)},   {'N', Spells(kValid | kPresentInvalid, kPresentInvalid)},
    {'W', AllOf(kWrite)},   {'R', AllOf(kRdonly)},
    {'U', AllOf(kUser)},    {'A', AllOf(kAf)},
    {'D', AllOf(kDirty)},   {'H', NoneOf(kType)},
    {'S', AllOf(kSpecial)}, {'F', AllOf(kUffd)},
    {'C', AllOf(kCont)},    {'X', AllOf(kUxn)},
};

Word MkCont(Word pte) { return pte | kCont; }
Word MkBlock(Word pte) { return pte & ~kType; }
constexpr Helper kHelpers[] = {
    {"mkcont", MkCont, "sets the contiguous hint"},
    {"mkblock", MkBlock, "makes a block (PMD or PUD leaf) of a page entry"},
};

// "Hardware made it dirty" (WRITE without RDONLY) is latched before WRITE may go away.
constexpr Rule kLatchDirty = {kWrite | kRdonly, kWrite, 0, kDirty};
// A writable entry that software knows to be dirty need not trap the first store.
constexpr Rule kDirtyIsWritable = {kDirty | kWrite, kDirty | kWrite, kRdonly, 0};

constexpr FormLayout PteForm(unsigned page_shift, bool lpa2) {
  FormLayout f;
  f.none = NoneOf(~Word{0});
  f.present = AnyOf(kValid | kPresentInvalid);
  f.protnone = Spells(kValid | kNg | kUser | kUxn, kNg | kUxn);
  f.write = AllOf(kWrite);
  f.exec = NoneOf(kUxn);
  f.dirty = {.any = kDirty, .mask1 = kWrite | kRdonly, .value1 = kWrite};
  f.young = kAf;
  f.uffd = kUffd;
  f.special = kSpecial;

  f.pfn = {.mask = Bits(49, page_shift), .word_shift = page_shift};
  if (page_shift == 16) {  // PA[51:48] in bits 15:12
    f.pfn.high_mask = Bits(15, 12);
    f.pfn.high_shift = 36;
  } else if (lpa2) {  // PA[51:50] in bits 9:8
    f.pfn.high_mask = kSharedBits;
    f.pfn.high_shift = 42;
  }

  f.modify = {.before = kLatchDirty,
              .keep = ~kModifyMask,
              .take = kModifyMask,
              .after = {{0, 0, kDirtyIsWritable}}};
  f.mkwrite = {.set = kWrite, .after = {kDirtyIsWritable}};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = f.mkwrite;  // a GCS mapping is told by its protection, not by the helper
  f.wrprotect = {.before = kLatchDirty, .clear = kWrite, .set = kRdonly};
  f.mkdirty = {.set = kDirty, .after = {kDirtyIsWritable}};
  f.mkclean = {.clear = kDirty, .set = kRdonly};
  f.mkyoung = {.set = kAf};
  f.mkold = {.clear = kAf};
  f.mkuffd = {.before = kLatchDirty, .clear = kWrite, .set = kUffd | kRdonly};
  f.mkspecial = {.set = kSpecial};
  f.window = {.clear = ~Word{0}};

  f.swp = {.type_shift = 6,
           .offset_shift = 12,
           .encode_mask = ~Word{0} << 12,  // __swp_entry() does not mask, __swp_offset() does
           .offset_mask = Bits(49, 0),
           .uffd = Bit(3),
           .exclusive = Bit(2)};
  return f;
}

constexpr FormLayout PmdForm(unsigned page_shift, bool lpa2) {
  FormLayout f = PteForm(page_shift, lpa2);
  f.mkhuge = {.clear = kType};
  f.mkinvalid = {.clear = kValid, .set = kPresentInvalid};
  return f;
}

constexpr HwModel Hardware() {
  HwModel hw;
  hw.valid = AllOf(kValid);
  hw.allow[0] = AllOf(kUser);
  // Writable now, or by the dirty-bit mechanism (then `dirty` below decides).
  hw.allow[1] = {
      .mask1 = kUser | kRdonly, .value1 = kUser, .mask2 = kUser | kWrite, .value2 = kUser | kWrite};
  hw.allow[2] = NoneOf(kUxn);
  hw.young = kAf;
  hw.dirty = NoneOf(kRdonly);
  hw.set_young = {.set = kAf};
  hw.set_dirty = {.clear = kRdonly};
  return hw;
}

enum class Hafdbs { kNone, kAccess, kBoth };
enum class Lpa2 { kNo, kYes };

// The page bits that every protection of a user mapping has.
constexpr Pgprot kBase = kType | kSharedBits | kAf | kNg | kPxn;
constexpr Pgprot kNone = kBase | kRdonly | kUxn;
constexpr Pgprot kReadonlyExec = kBase | kValid | kUser | kRdonly;
constexpr Pgprot kReadonly = kReadonlyExec | kUxn;
constexpr Pgprot kSharedExec = kReadonlyExec | kWrite;
constexpr Pgprot kShared = kReadonly | kWrite;
constexpr Pgprot kExeconly = kBase | kValid | kRdonly;
constexpr Pgprot kGcsRo = kType | kValid | kUser | kSharedBits | kAf | kNg | kUxn;
constexpr Pgprot kGcs = kGcsRo | kWrite;

constexpr Geometry GeometryOf(unsigned page_shift, Lpa2 lpa2) {
  switch (page_shift) {
    case 12:
      return lpa2 == Lpa2::kYes ? Geometry{12, 5, {9, 9, 9, 9, 4}}
                                : Geometry{12, 4, {9, 9, 9, 9, 0}};
    case 14:
      return lpa2 == Lpa2::kYes ? Geometry{14, 4, {11, 11, 11, 5, 0}}
                                : Geometry{14, 3, {11, 11, 11, 0, 0}};
    default: return {16, 3, {13, 13, 6, 0, 0}};
  }
}

constexpr ConstantTable Constants() {
  return {{{"PAGE_NONE", kNone},
           {"PAGE_READONLY", kReadonly},
           {"PAGE_SHARED", kShared},
           {"PAGE_READONLY_EXEC", kReadonlyExec},
           {"PAGE_SHARED_EXEC", kSharedExec},
           {"PAGE_EXECONLY", kExeconly},
           {"_PAGE_GCS", kGcs},
           {"_PAGE_GCS_RO", kGcsRo},
           {"PTE_VALID", kValid},
           {"PTE_TYPE_PAGE", kValid | kType},
           {"PTE_ATTRINDX_MASK", kAttrIndx},
           {"PTE_USER", kUser},
           {"PTE_RDONLY", kRdonly},
           {"PTE_SHARED", kSharedBits},
           {"PTE_AF", kAf},
           {"PTE_NG", kNg},
           {"PTE_PRESENT_INVALID", kPresentInvalid},
           {"PTE_GP", kGp},
           {"PTE_WRITE", kWrite},
           {"PTE_DBM", kWrite},
           {"PTE_CONT", kCont},
           {"PTE_PXN", kPxn},
           {"PTE_UXN", kUxn},
           {"PTE_DIRTY", kDirty},
           {"PTE_SPECIAL", kSpecial},
           {"PTE_UFFD", kUffd},
           {"PTE_PO_IDX_MASK", kPoIndex}}};
}

constexpr Layout Configure(Name name, unsigned page_shift, Hafdbs hafdbs, Lpa2 lpa2,
                           std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "aarch64";
  l.family = "arm64";
  l.sentence = sentence;
  l.geometry = GeometryOf(page_shift, lpa2);
  l.swp_types = SwpTypesWith(true);
  l.max_physmem_bits = page_shift == 16 || lpa2 == Lpa2::kYes ? 52 : 48;
  l.uffd_minor = true;
  l.form[0] = PteForm(page_shift, lpa2 == Lpa2::kYes);
  l.form[1] = PmdForm(page_shift, lpa2 == Lpa2::kYes);
  // pmd_trans_huge() looks at the type as if the entry were valid.
  l.trans_huge = NoneOf(kType);
  l.pmd_leaf = {.mask1 = kType | kValid,
                .value1 = kValid,
                .mask2 = kValid | kPresentInvalid,
                .value2 = kPresentInvalid};
  l.page_none = kNone;
  // With LPA2 the two shareability bits are address bits and leave the protection map; the
  // PAGE_NONE macro keeps them, which is harmless because pte_modify() does not take them.
  const Pgprot drop = lpa2 == Lpa2::kYes ? kSharedBits : 0;
  const Pgprot none = kNone & ~drop;
  const Pgprot ro = kReadonly & ~drop;
  const Pgprot rox = kReadonlyExec & ~drop;
  const Pgprot rw = kShared & ~drop;
  const Pgprot rwx = kSharedExec & ~drop;
  l.protection_map = {none, ro, ro, ro, rox, rox, rox, rox, none, ro, rw, rw, rox, rox, rwx, rwx};
  if (page_shift == 12) l.huge_order = {4, 9, 13, 18};
  if (page_shift == 14) l.huge_order = {7, 11, 16, 0};
  if (page_shift == 16) l.huge_order = {5, 13, 18, 0};
  l.huge[0] = {.set = kCont};
  l.huge[1] = {.clear = kType};
  l.huge[2] = {.clear = kType, .set = kCont};
  l.huge[3] = {.clear = kType};
  l.hw[0] = l.hw[1] = Hardware();
  l.has_hw_young = hafdbs != Hafdbs::kNone;
  l.old_prefault = l.has_hw_young;
  l.young_mode = hafdbs == Hafdbs::kNone ? AdMode::kFault : AdMode::kHardware;
  l.dirty_mode = hafdbs == Hafdbs::kBoth ? AdMode::kHardware : AdMode::kFault;
  // ptep_set_access_flags() can only relax these four.
  l.flags_store = FlagsStore::kMerge;
  l.flags_or[0] = l.flags_or[1] = kAf | kDirty | kWrite;
  l.flags_and[0] = l.flags_and[1] = kRdonly;
  l.fields[0] = l.fields[1] = kFields;
  l.letters[0] = l.letters[1] = kLetters;
  l.helpers = kHelpers;
  l.constants = Constants();
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("arm64-4k"), 12, Hafdbs::kBoth, Lpa2::kNo,
                   "4 KiB pages, 48-bit addresses, hardware sets AF and dirty")),
    Arch(Configure(Name("arm64-16k"), 14, Hafdbs::kBoth, Lpa2::kNo,
                   "16 KiB pages, 47-bit virtual addresses, hardware sets AF and dirty")),
    Arch(Configure(Name("arm64-64k"), 16, Hafdbs::kBoth, Lpa2::kNo,
                   "64 KiB pages, 48-bit virtual, 52-bit physical, hardware sets AF and dirty")),
    Arch(Configure(Name("arm64-4k-haf"), 12, Hafdbs::kAccess, Lpa2::kNo,
                   "as arm64-4k, hardware sets AF only: the first store to a clean page faults")),
    Arch(Configure(Name("arm64-4k-nohafdbs"), 12, Hafdbs::kNone, Lpa2::kNo,
                   "as arm64-4k without FEAT_HAFDBS: AF and dirty both cost a fault")),
    Arch(Configure(Name("arm64-16k-nohafdbs"), 14, Hafdbs::kNone, Lpa2::kNo,
                   "as arm64-16k without FEAT_HAFDBS")),
    Arch(Configure(Name("arm64-64k-nohafdbs"), 16, Hafdbs::kNone, Lpa2::kNo,
                   "as arm64-64k without FEAT_HAFDBS")),
    Arch(Configure(Name("arm64-4k-lpa2"), 12, Hafdbs::kBoth, Lpa2::kYes,
                   "4 KiB pages, five levels, 52-bit addresses (FEAT_LPA2)")),
    Arch(Configure(Name("arm64-16k-lpa2"), 14, Hafdbs::kBoth, Lpa2::kYes,
                   "16 KiB pages, four levels, 52-bit addresses (FEAT_LPA2)")),
};

}  // namespace

std::span<const Arch> Arm64Archs() { return kArchs; }

}  // namespace uffdsim

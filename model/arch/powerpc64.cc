// powerpc book3s/64, radix and hash MMU, 4 and 64 KiB pages.
//
// Mirrors:  arch/powerpc/include/asm/book3s/64/pgtable.h, radix.h, radix-4k.h, radix-64k.h, hash.h,
//           hash-4k.h, hash-64k.h, asm/pgtable-masks.h, arch/powerpc/mm/pgtable.c (protection map),
//           mm/book3s64/pgtable.c, radix_pgtable.c.
// Marker:   none in 7.3.4 (bit 11, SW1, is unused), so userfaultfd WP and RWP are refused.
// Protnone: bits 63 and 62 set, R, W and X clear. The entry stays valid for the hardware: an access
//           is a protection problem, not a missing translation.
// A/D:      radix hardware sets R and C. With hash the MMU does not see this word; the hash fault
//           handler sets both without a page fault, which looks the same from here (the HPTE flag
//           bits it also maintains are not modelled). ARCH_HAS_HW_PTE_YOUNG is not announced.
// Trap:     every protection contains R, PAGE_NONE too, and pte_modify() ORs it in: modify always
//           leaves the entry young. A modify_prot transaction leaves the entry present-invalid.
//
// Entries are big-endian in memory; words here are in CPU order, as pte_val() gives them.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kExec = Bit(0);
constexpr Word kWrite = Bit(1);
constexpr Word kRead = Bit(2);
constexpr Word kRwx = kExec | kWrite | kRead;
constexpr Word kPrivileged = Bit(3);
constexpr Word kDirty = Bit(7);
constexpr Word kAccessed = Bit(8);
constexpr Word kSoftDirty = Bit(9);
constexpr Word kSpecial = Bit(10);
constexpr Word kThpHuge = Bit(13);  // H_PAGE_THP_HUGE, hash with 64 KiB pages
constexpr Word kInvalid = Bit(61);  // "present but invalid", while bit 63 is clear
constexpr Word kPte = Bit(62);      // a leaf; swap entries have it too
constexpr Word kPresent = Bit(63);

// Bits the hash MMU code keeps about the hashed copy of the entry.
constexpr Word kHpteFlags64K = Bit(55) | Bit(12) | Bit(6);
constexpr Word kHpteFlags4K = Bit(60) | Bit(56) | Bits(55, 53) | Bit(6);

constexpr Field kFields64K[] = {
    {"exec", 0, 0},
    {"write", 1, 1},
    {"read", 2, 2},
    {"privileged", 3, 3},
    {"cache", 5, 4},
    {"busy", 6, 6},
    {"dirty", 7, 7},
    {"accessed", 8, 8},
    {"soft_dirty", 9, 9},
    {"special", 10, 10},
    {"sw1", 11, 11, FieldUse::kSpare},
    {"combo", 12, 12},
    {"thp_huge", 13, 13},
    {"hashpte", 55, 55},
    {"pkey", 60, 56},
    {"invalid", 61, 61},
    {"pte", 62, 62},
    {"present", 63, 63},
};
constexpr Field kFields4K[] = {
    {"exec", 0, 0},
    {"write", 1, 1},
    {"read", 2, 2},
    {"privileged", 3, 3},
    {"cache", 5, 4},
    {"busy", 6, 6},
    {"dirty", 7, 7},
    {"accessed", 8, 8},
    {"soft_dirty", 9, 9},
    {"special", 10, 10},
    {"sw1", 11, 11, FieldUse::kSpare},
    {"hash_index", 55, 53},
    {"secondary", 56, 56},
    {"hashpte", 60, 60},
    {"invalid", 61, 61},
    {"pte", 62, 62},
    {"present", 63, 63},
};

constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)},   {'N', Spells(kPresent | kPte | kRwx, kPresent | kPte)},
    {'R', AllOf(kRead)},      {'W', AllOf(kWrite)},
    {'E', AllOf(kExec)},      {'A', AllOf(kAccessed)},
    {'D', AllOf(kDirty)},     {'S', AllOf(kSpecial)},
    {'M', AllOf(kSoftDirty)}, {'I', Spells(kPresent | kInvalid, kInvalid)},
};

enum class Mmu { kRadix, kHash };

constexpr Word RpnMask(unsigned page_shift) { return Bits(52, page_shift); }
constexpr Word HpteFlags(unsigned page_shift) {
  return page_shift == 16 ? kHpteFlags64K : kHpteFlags4K;
}

constexpr FormLayout PteForm(unsigned page_shift, Mmu mmu) {
  FormLayout f;
  f.none = NoneOf(~(mmu == Mmu::kRadix ? kDirty | kAccessed : HpteFlags(page_shift)));
  f.present = {.mask1 = kPresent | kPte,
               .value1 = kPresent | kPte,
               .mask2 = kInvalid | kPte,
               .value2 = kInvalid | kPte};
  f.protnone = Spells(kPresent | kPte | kRwx, kPresent | kPte);
  f.write = AllOf(kWrite);
  f.exec = AllOf(kExec);
  f.dirty = AllOf(kDirty);
  f.young = kAccessed;
  f.soft_dirty = kSoftDirty;
  f.special = kSpecial;

  f.pfn = {.mask = RpnMask(page_shift), .word_shift = page_shift};
  f.make = {.set = kPte};
  f.modify.keep = RpnMask(page_shift) | HpteFlags(page_shift) | kDirty | kAccessed | kSpecial |
                  kPte | kSoftDirty;
  f.mkwrite = {.set = kRead | kWrite};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = f.mkwrite;
  f.wrprotect = {.clear = kWrite};
  f.mkdirty = {.set = kDirty | kSoftDirty};
  f.mkclean = {.clear = kDirty};
  f.mkyoung = {.set = kAccessed};
  f.mkold = {.clear = kAccessed};
  f.mkspecial = {.set = kSpecial};
  f.window = {.clear = kPresent, .set = kInvalid};

  f.swp = {.type_shift = 0,
           .offset_shift = page_shift,
           .encode_mask = RpnMask(page_shift),
           .offset_mask = RpnMask(page_shift) >> page_shift,
           .set = kPte,
           .soft_dirty = kSoftDirty,
           .exclusive = Bit(5)};
  return f;
}
static_assert(PteForm(16, Mmu::kRadix).modify.keep == 0x409fffffffff17c0);
static_assert(PteForm(12, Mmu::kRadix).modify.keep == 0x51fffffffffff7c0);

constexpr FormLayout PmdForm(unsigned page_shift, Mmu mmu) {
  FormLayout f = PteForm(page_shift, mmu);
  f.none = NoneOf(~Word{0});
  f.present = AnyOf(kPresent | kInvalid);
  if (page_shift == 16) f.modify.keep |= kThpHuge;
  if (page_shift == 16 && mmu == Mmu::kHash) f.make.set |= kThpHuge;
  f.mkinvalid = f.window;
  return f;
}

constexpr HwModel Hardware() {
  HwModel hw;
  hw.valid = AllOf(kPresent | kPte);
  hw.allow[0] = Spells(kPrivileged | kRead, kRead);
  hw.allow[1] = Spells(kPrivileged | kWrite, kWrite);
  hw.allow[2] = Spells(kPrivileged | kExec, kExec);
  hw.young = kAccessed;
  hw.dirty = AllOf(kDirty);
  hw.set_young = {.set = kAccessed};
  hw.set_dirty = {.set = kDirty};
  return hw;
}

constexpr Pgprot kNone = kPresent | kAccessed;
constexpr Pgprot kReadonly = kNone | kRead;
constexpr Pgprot kShared = kReadonly | kWrite;
constexpr Pgprot kExecOnly = kNone | kExec;
constexpr Pgprot kReadonlyX = kReadonly | kExec;
constexpr Pgprot kSharedX = kShared | kExec;

constexpr Geometry GeometryOf(unsigned page_shift, Mmu mmu) {
  if (mmu == Mmu::kRadix) {
    return page_shift == 16 ? Geometry{16, 4, {5, 9, 9, 13, 0}} : Geometry{12, 4, {9, 9, 9, 13, 0}};
  }
  return page_shift == 16 ? Geometry{16, 4, {8, 10, 10, 8, 0}} : Geometry{12, 4, {9, 7, 9, 9, 0}};
}

constexpr ConstantTable Constants(unsigned page_shift, const FormLayout (&form)[2]) {
  return {{{"PAGE_NONE", kNone},
           {"PAGE_READONLY", kReadonly},
           {"PAGE_COPY", kReadonly},
           {"PAGE_SHARED", kShared},
           {"PAGE_EXECONLY_X", kExecOnly},
           {"PAGE_READONLY_X", kReadonlyX},
           {"PAGE_COPY_X", kReadonlyX},
           {"PAGE_SHARED_X", kSharedX},
           {"_PAGE_EXEC", kExec},
           {"_PAGE_WRITE", kWrite},
           {"_PAGE_READ", kRead},
           {"_PAGE_PRIVILEGED", kPrivileged},
           {"_PAGE_DIRTY", kDirty},
           {"_PAGE_ACCESSED", kAccessed},
           {"_PAGE_SOFT_DIRTY", kSoftDirty},
           {"_PAGE_SPECIAL", kSpecial},
           {"_PAGE_INVALID", kInvalid},
           {"_PAGE_PTE", kPte},
           {"_PAGE_PRESENT", kPresent},
           {"_PAGE_HPTEFLAGS", HpteFlags(page_shift)},
           {"H_PAGE_THP_HUGE", page_shift == 16 ? kThpHuge : 0},
           {"PTE_RPN_MASK", RpnMask(page_shift)},
           {"_PAGE_CHG_MASK", form[0].modify.keep},
           {"_HPAGE_CHG_MASK", form[1].modify.keep}}};
}

constexpr Layout Configure(Name name, unsigned page_shift, Mmu mmu, std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "ppc64le";
  l.family = "powerpc64";
  l.sentence = sentence;
  l.geometry = GeometryOf(page_shift, mmu);
  l.swp_types = SwpTypesWith(true);
  l.max_physmem_bits = 51;
  // Hash with 4 KiB pages has no PMD leaf that Linux maps THP with.
  l.has_thp = l.pmd_softleaves = mmu == Mmu::kRadix || page_shift == 16;
  l.form[0] = PteForm(page_shift, mmu);
  l.form[1] = PmdForm(page_shift, mmu);
  l.trans_huge = AllOf(mmu == Mmu::kHash && page_shift == 16 ? kPte | kThpHuge : kPte);
  l.pmd_leaf = AllOf(kPte);
  l.page_none = kNone;
  const Pgprot x = mmu == Mmu::kRadix ? kExecOnly : kReadonlyX;  // hash cannot deny reads
  l.protection_map = {kNone, kReadonly, kReadonly, kReadonly, x, kReadonlyX, kReadonlyX, kReadonlyX,
                      kNone, kReadonly, kShared,   kShared,   x, kReadonlyX, kSharedX,   kSharedX};
  if (mmu == Mmu::kRadix) {
    const auto pmd = l.geometry.bits[0];
    l.huge_order = {0, pmd, 0, static_cast<std::uint8_t>(pmd + 9)};
  } else {  // 16 MiB and 16 GiB
    l.huge_order = {0, static_cast<std::uint8_t>(24 - page_shift), 0,
                    static_cast<std::uint8_t>(34 - page_shift)};
  }
  l.hw[0] = l.hw[1] = Hardware();
  l.flags_store = FlagsStore::kMerge;
  l.reclaims_tables = false;  // has a tlb_remove_table() of its own
  l.flags_or[0] = l.flags_or[1] = kDirty | kSoftDirty | kAccessed | kRwx;
  l.fields[0] = l.fields[1] =
      page_shift == 16 ? StaticList<Field>(kFields64K) : StaticList<Field>(kFields4K);
  l.letters[0] = l.letters[1] = kLetters;
  l.constants = Constants(page_shift, l.form);
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("ppc64-64k-radix"), 16, Mmu::kRadix, "POWER9 and later, 64 KiB pages")),
    Arch(Configure(Name("ppc64-64k-hash"), 16, Mmu::kHash, "hashed page table, 64 KiB pages")),
    Arch(Configure(Name("ppc64-4k-radix"), 12, Mmu::kRadix, "POWER9 and later, 4 KiB pages")),
    Arch(
        Configure(Name("ppc64-4k-hash"), 12, Mmu::kHash, "hashed page table, 4 KiB pages, no THP")),
};

}  // namespace

std::span<const Arch> Powerpc64Archs() { return kArchs; }

}  // namespace uffdsim

// loongarch64, 4, 16 and 64 KiB pages.
//
// Mirrors:  arch/loongarch/include/asm/pgtable-bits.h, pgtable.h, hugetlb.h,
//           arch/loongarch/mm/cache.c (protection map), tlbex.S, tlb.c, pgtable.c.
// Marker:   none in 7.3.4, so userfaultfd WP and RWP are refused (MINOR is offered).
// Protnone: bit 10, a software bit of its own, no further test.
// A/D:      VALID is young. The TLB refill handlers (assembly, no page fault) set VALID when
// PRESENT
//           is set, and on a store DIRTY and MODIFIED when WRITE is set. CPUs with a page-table
//           walker (-ptw) set VALID and DIRTY themselves but not MODIFIED; dirty is either bit.
//           ARCH_HAS_HW_PTE_YOUNG is not announced.
// Trap:     pte_modify() takes young from the new protection: protnone is always old, accessible is
//           always young. An empty PMD is the address of a dummy table, never 0. The PAGE_NONE
//           macro (NUMA hints) and the PROT_NONE protection of a VMA differ.
// Collides: with 4 KiB pages the young bit of a PMD migration entry is bit 60, PRESENT_INVALID, so
//           such an entry passes pmd_present().
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kValid = Bit(0);  // = ACCESSED
constexpr Word kDirty = Bit(1);
constexpr Word kPlvUser = Bits(3, 2);
constexpr Word kCache = Bits(5, 4);
constexpr Word kCacheCc = Bit(4);  // coherent cached
constexpr Word kGlobal = Bit(6);
constexpr Word kHuge = Bit(6);  // the same bit in a PMD
constexpr Word kPresent = Bit(7);
constexpr Word kWrite = Bit(8);
constexpr Word kModified = Bit(9);
constexpr Word kProtnone = Bit(10);
constexpr Word kSpecial = Bit(11);
constexpr Word kHglobal = Bit(12);
constexpr Word kPresentInvalid = Bit(60);
constexpr Word kNoRead = Bit(61);
constexpr Word kNoExec = Bit(62);
constexpr Word kRplv = Bit(63);

// Stands for the address of invalid_pte_table: page aligned at every page size, no flag set.
constexpr Word kInvalidPteTable = 0x9000000001830000;

constexpr Field kFields[] = {
    {"valid", 0, 0},
    {"dirty", 1, 1},
    {"plv", 3, 2},
    {"cache", 5, 4},
    {"global", 6, 6},
    {"present", 7, 7},
    {"write", 8, 8},
    {"modified", 9, 9},
    {"protnone", 10, 10},
    {"special", 11, 11},
    {"present_invalid", 60, 60},
    {"no_read", 61, 61},
    {"no_exec", 62, 62},
    {"rplv", 63, 63},
};
constexpr Field kPmdFields[] = {
    {"valid", 0, 0},      {"dirty", 1, 1},     {"plv", 3, 2},       {"cache", 5, 4},
    {"huge", 6, 6},       {"present", 7, 7},   {"write", 8, 8},     {"modified", 9, 9},
    {"protnone", 10, 10}, {"special", 11, 11}, {"hglobal", 12, 12}, {"present_invalid", 60, 60},
    {"no_read", 61, 61},  {"no_exec", 62, 62}, {"rplv", 63, 63},
};

constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)},        {'N', AllOf(kProtnone)}, {'W', AllOf(kWrite)},
    {'U', AllOf(kPlvUser)},        {'A', AllOf(kValid)},    {'D', AllOf(kModified)},
    {'H', AllOf(kHuge)},           {'S', AllOf(kSpecial)},  {'Y', AllOf(kDirty)},
    {'I', AllOf(kPresentInvalid)}, {'R', AllOf(kNoRead)},   {'X', AllOf(kNoExec)},
};

constexpr Word PfnMask(unsigned page_shift) { return Bits(47, page_shift); }

// The hardware's dirty bit is latched into MODIFIED before it may be dropped.
constexpr Rule kLatchDirty = {kDirty, kDirty, 0, kModified};
constexpr Rule kModifiedWritable = {kModified | kWrite, kModified | kWrite, 0, kDirty};

constexpr FormLayout PteForm(unsigned page_shift) {
  FormLayout f;
  f.none = NoneOf(~kGlobal);
  f.present = AnyOf(kPresent | kProtnone);
  f.protnone = AllOf(kProtnone);
  f.write = AllOf(kWrite);
  f.exec = NoneOf(kNoExec);
  f.dirty = AnyOf(kDirty | kModified);
  f.young = kValid;
  f.special = kSpecial;
  f.pfn = {.mask = PfnMask(page_shift), .word_shift = page_shift};

  const Word keep = PfnMask(page_shift) | kModified | kSpecial | kCache | kPlvUser;
  f.modify = {.before = kLatchDirty, .keep = keep, .take = ~keep};
  f.mkwrite = {.set = kWrite, .after = {kModifiedWritable}};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = f.mkwrite;
  f.wrprotect = {.before = kLatchDirty, .clear = kWrite | kDirty};
  f.mkdirty = {.set = kModified, .after = {kModifiedWritable}};
  f.mkclean = {.clear = kDirty | kModified};
  f.mkyoung = {.set = kValid};
  f.mkold = {.clear = kValid};
  f.mkspecial = {.set = kSpecial};
  f.window = {.clear = ~kGlobal};

  f.swp = {.type_shift = 16,
           .type_mask = 0x7f,
           .offset_shift = 24,
           .encode_mask = Bits(63, 24),
           .offset_mask = Bits(39, 0),
           .exclusive = Bit(23)};
  return f;
}
static_assert(PteForm(12).modify.keep == 0x0000fffffffffa3c);

// What 7.3.4 does; a HUGE word without any of the three is a migration entry.
bool PmdPresent(Word pmd) {
  if ((pmd & kHuge) != 0) return (pmd & (kPresent | kProtnone | kPresentInvalid)) != 0;
  return pmd != kInvalidPteTable;
}

// The same with PRESENT_INVALID counting only beside a user privilege level, which no swap entry
// has.
bool PmdPresentChecked(Word pmd) {
  if ((pmd & kHuge) == 0) return pmd != kInvalidPteTable;
  return (pmd & (kPresent | kProtnone)) != 0 ||
         (pmd & (kPresentInvalid | kPlvUser)) == (kPresentInvalid | kPlvUser);
}
constexpr void CheckPresentInvalid(Layout& l) { l.form[1].present_hook = PmdPresentChecked; }

constexpr FormLayout PmdForm(unsigned page_shift) {
  FormLayout f = PteForm(page_shift);
  f.none_word = kInvalidPteTable;
  f.none = Spells(~Word{0}, kInvalidPteTable);
  f.present_hook = PmdPresent;
  // pmd_mkhuge(): bit 6 changes its meaning, so a global mapping is remembered in bit 12.
  f.mkhuge = {.before = {kGlobal, kGlobal, kGlobal, kHglobal}, .set = kHuge};
  f.modify.keep |= kHuge;
  f.modify.take &= ~kHuge;
  f.mkinvalid = {.clear = kPresent | kValid | kDirty | kProtnone, .set = kPresentInvalid};
  f.swp.set = kHuge;
  f.swp.exclusive = 0;
  return f;
}

enum class Walker { kSoftware, kHardware };

constexpr HwModel Hardware(Walker walker) {
  HwModel hw;
  hw.valid = AllOf(kPresent);
  hw.allow[0] = NoneOf(kNoRead);
  hw.allow[1] = AllOf(kWrite);
  hw.allow[2] = NoneOf(kNoExec);
  hw.young = kValid;
  hw.dirty = AllOf(kDirty);
  hw.set_young = {.set = kValid};
  hw.set_dirty = {.set = walker == Walker::kHardware ? kDirty : kDirty | kModified};
  return hw;
}

constexpr Pgprot kBase = kCacheCc | kPlvUser;
constexpr Pgprot kPageNone = kBase | kProtnone | kNoRead;  // the macro
constexpr Pgprot kVmNone = kPageNone | kNoExec;            // the protection map
constexpr Pgprot kVmReadExec = kBase | kPresent | kValid;
constexpr Pgprot kVmRead = kVmReadExec | kNoExec;
constexpr Pgprot kVmShared = kVmRead | kWrite;
constexpr Pgprot kVmSharedExec = kVmReadExec | kWrite;

constexpr Geometry GeometryOf(unsigned page_shift) {
  const auto bits = static_cast<std::uint8_t>(page_shift - 3);
  const std::uint8_t levels = page_shift == 12 ? 4 : 3;
  return {static_cast<std::uint8_t>(page_shift),
          levels,
          {bits, bits, bits, levels == 4 ? bits : std::uint8_t{0}, 0}};
}

constexpr ConstantTable Constants(unsigned page_shift, const FormLayout (&form)[2]) {
  return {{{"PAGE_NONE", kPageNone},
           {"PAGE_READONLY", kBase | kPresent},
           {"PAGE_SHARED", kBase | kPresent | kWrite},
           {"_PAGE_VALID", kValid},
           {"_PAGE_ACCESSED", kValid},
           {"_PAGE_DIRTY", kDirty},
           {"_PAGE_USER", kPlvUser},
           {"_PAGE_PLV", kPlvUser},
           {"_CACHE_CC", kCacheCc},
           {"_CACHE_MASK", kCache},
           {"_PAGE_GLOBAL", kGlobal},
           {"_PAGE_HUGE", kHuge},
           {"_PAGE_PRESENT", kPresent},
           {"_PAGE_WRITE", kWrite},
           {"_PAGE_MODIFIED", kModified},
           {"_PAGE_PROTNONE", kProtnone},
           {"_PAGE_SPECIAL", kSpecial},
           {"_PAGE_HGLOBAL", kHglobal},
           {"_PAGE_PRESENT_INVALID", kPresentInvalid},
           {"_PAGE_NO_READ", kNoRead},
           {"_PAGE_NO_EXEC", kNoExec},
           {"_PAGE_RPLV", kRplv},
           {"_PFN_MASK", PfnMask(page_shift)},
           {"_PAGE_CHG_MASK", form[0].modify.keep},
           {"_HPAGE_CHG_MASK", form[1].modify.keep}}};
}

constexpr Layout Configure(Name name, unsigned page_shift, Walker walker,
                           std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "loongarch64";
  l.family = "loongarch64";
  l.sentence = sentence;
  l.geometry = GeometryOf(page_shift);
  l.swp_types = SwpTypesWith(false);
  l.max_physmem_bits = 48;
  l.uffd_minor = true;
  l.form[0] = PteForm(page_shift);
  l.form[1] = PmdForm(page_shift);
  l.trans_huge = AllOf(kHuge);
  l.pmd_leaf = AllOf(kHuge);
  if (page_shift == 12) l.without_collision = CheckPresentInvalid;
  l.page_none = kPageNone;
  l.protection_map = {kVmNone,     kVmRead,     kVmRead,       kVmRead,      // private
                      kVmReadExec, kVmReadExec, kVmReadExec,   kVmReadExec,  //
                      kVmNone,     kVmRead,     kVmShared,     kVmShared,    // shared
                      kVmReadExec, kVmReadExec, kVmSharedExec, kVmSharedExec};
  l.huge_order = {0, static_cast<std::uint8_t>(page_shift - 3), 0, 0};
  l.huge[1] = {.set = kHuge};
  l.hw[0] = l.hw[1] = Hardware(walker);
  l.fields[0] = kFields;
  l.fields[1] = kPmdFields;
  l.letters[0] = l.letters[1] = kLetters;
  l.constants = Constants(page_shift, l.form);
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("loongarch64-16k"), 14, Walker::kSoftware,
                   "16 KiB pages (the default), TLB refilled by software")),
    Arch(Configure(Name("loongarch64-4k"), 12, Walker::kSoftware,
                   "4 KiB pages, TLB refilled by software")),
    Arch(Configure(Name("loongarch64-64k"), 16, Walker::kSoftware,
                   "64 KiB pages, TLB refilled by software")),
    Arch(Configure(Name("loongarch64-16k-ptw"), 14, Walker::kHardware,
                   "16 KiB pages, hardware page-table walker")),
    Arch(Configure(Name("loongarch64-4k-ptw"), 12, Walker::kHardware,
                   "4 KiB pages, hardware page-table walker")),
    Arch(Configure(Name("loongarch64-64k-ptw"), 16, Walker::kHardware,
                   "64 KiB pages, hardware page-table walker")),
};

}  // namespace

std::span<const Arch> Loongarch64Archs() { return kArchs; }

}  // namespace uffdsim

// s390x, 4 KiB pages, 1 MiB segments, 2 GiB regions.
//
// Mirrors:  arch/s390/include/asm/pgtable.h, arch/s390/mm/mmap.c (protection map), pgtable.c,
//           hugetlbpage.c (conversion between page and segment formats), fault.c.
// Marker:   none in 7.3.4 (all eight software bits of a PTE are in use), so WP and RWP are refused.
// Protnone: present with the software READ bit clear, in both formats.
// A/D:      the hardware writes neither. The two bits it obeys are derived: INVALID = not (READ and
//           YOUNG), PROTECT = not (WRITE and DIRTY). So an old page traps on any access and a clean
//           one on the first store, and the fault path sets the software bits.
// Trap:     an empty PTE is 0x400, an empty segment entry 0x20. PTE, segment and region entries
// have
//           three layouts; pte helpers see hugetlb entries as fake PTEs, and converting a
//           non-present one rebuilds type and offset only: exclusive and soft-dirty are lost.
//
// IBM numbers bits from the left; here bit 0 is the least significant. The no-execute facility is
// assumed. Processes start with three levels; the tree grows on demand in the kernel.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

// Page-table entry.
constexpr Word kPresent = 0x001;
constexpr Word kSoftDirty = 0x002;
constexpr Word kYoung = 0x004;
constexpr Word kDirty = 0x008;
constexpr Word kRead = 0x010;
constexpr Word kWrite = 0x020;
constexpr Word kSpecial = 0x040;
constexpr Word kUnused = 0x080;
constexpr Word kNoexec = 0x100;
constexpr Word kProtect = 0x200;
constexpr Word kInvalid = 0x400;
constexpr Word kLarge = 0x800;  // in fake PTEs of hugetlb; swap-exclusive in swap entries

// Segment-table entry (region-third entries have the same software bits).
constexpr Word kSegPresent = 0x0001;
constexpr Word kSegSoftDirty = 0x0002;
constexpr Word kSegType = 0x000c;
constexpr Word kTypeRegion3 = 0x0004;
constexpr Word kSegComm = 0x0010;  // marks a swap entry
constexpr Word kSegInvalid = 0x0020;
constexpr Word kSegNoexec = 0x0100;
constexpr Word kSegProtect = 0x0200;
constexpr Word kSegLarge = 0x0400;
constexpr Word kSegYoung = 0x1000;
constexpr Word kSegDirty = 0x2000;
constexpr Word kSegRead = 0x4000;
constexpr Word kSegWrite = 0x8000;
constexpr Word kSegOrigin = Bits(63, 20);

constexpr Word kPageOrigin = Bits(63, 12);
constexpr unsigned kPteTypeShift = 2;
constexpr unsigned kSegTypeShift = 6;

constexpr Field kFields[] = {
    {"present", 0, 0}, {"soft_dirty", 1, 1}, {"young", 2, 2},     {"dirty", 3, 3},
    {"read", 4, 4},    {"write", 5, 5},      {"special", 6, 6},   {"unused", 7, 7},
    {"noexec", 8, 8},  {"protect", 9, 9},    {"invalid", 10, 10}, {"large", 11, 11},
};
constexpr Field kSegmentFields[] = {
    {"present", 0, 0}, {"soft_dirty", 1, 1}, {"table_type", 3, 2}, {"comm", 4, 4},
    {"invalid", 5, 5}, {"noexec", 8, 8},     {"protect", 9, 9},    {"large", 10, 10},
    {"young", 12, 12}, {"dirty", 13, 13},    {"read", 14, 14},     {"write", 15, 15},
};

constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)}, {'N', Spells(kPresent | kRead, kPresent)},
    {'W', AllOf(kWrite)},   {'A', AllOf(kYoung)},
    {'D', AllOf(kDirty)},   {'H', AllOf(kLarge)},
    {'S', AllOf(kSpecial)}, {'M', AllOf(kSoftDirty)},
    {'R', AllOf(kProtect)}, {'I', AllOf(kInvalid)},
    {'X', AllOf(kNoexec)},
};

constexpr Letter kSegmentLetters[] = {
    {'P', AllOf(kSegPresent)},
    {'N', Spells(kSegPresent | kSegLarge | kSegRead, kSegPresent | kSegLarge)},
    {'W', AllOf(kSegWrite)},
    {'A', AllOf(kSegYoung)},
    {'D', AllOf(kSegDirty)},
    {'H', AllOf(kSegLarge)},
    {'M', AllOf(kSegSoftDirty)},
    {'R', AllOf(kSegProtect)},
    {'I', AllOf(kSegInvalid)},
    {'X', AllOf(kSegNoexec)},
};

constexpr FormLayout PteForm() {
  // The hardware bit goes away only when both software bits allow it.
  constexpr Rule kYoungReadable = {kYoung | kRead, kYoung | kRead, kInvalid, 0};
  constexpr Rule kDirtyWritable = {kDirty | kWrite, kDirty | kWrite, kProtect, 0};
  FormLayout f;
  f.none_word = kInvalid;
  f.none = Spells(~Word{0}, kInvalid);
  f.present = AnyOf(kPresent);
  f.protnone = Spells(kPresent | kRead, kPresent);
  f.write = AllOf(kWrite);
  f.exec = NoneOf(kNoexec);
  f.dirty = AllOf(kDirty);
  f.young = kYoung;
  f.soft_dirty = kSoftDirty;
  f.special = kSpecial;
  f.pfn = {.mask = kPageOrigin, .word_shift = 12};

  f.make = {.set = kYoung, .after = {kYoungReadable}};  // pfn_pte() includes pte_mkyoung()
  f.modify = {.keep = kPageOrigin | kSpecial | kDirty | kYoung | kSoftDirty,
              .after = {{0, 0, kYoungReadable}, {0, 0, kDirtyWritable}}};
  f.mkwrite = {.set = kWrite, .after = {kDirtyWritable}};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = f.mkwrite;
  f.wrprotect = {.clear = kWrite, .set = kProtect};
  f.mkdirty = {.set = kDirty | kSoftDirty, .after = {kDirtyWritable}};
  f.mkclean = {.clear = kDirty, .set = kProtect};
  f.mkyoung = {.set = kYoung, .after = {kYoungReadable}};
  f.mkold = {.clear = kYoung, .set = kInvalid};
  f.mkspecial = {.set = kSpecial};
  f.window = {.set = kInvalid};

  f.swp = {.type_shift = kPteTypeShift,
           .offset_shift = 12,
           .encode_mask = kPageOrigin,
           .offset_mask = Bits(51, 0),
           .set = kInvalid | kProtect,
           .soft_dirty = kSoftDirty,
           .exclusive = kLarge};
  return f;
}

constexpr FormLayout SegmentForm() {
  constexpr Rule kYoungReadable = {kSegYoung | kSegRead, kSegYoung | kSegRead, kSegInvalid, 0};
  constexpr Rule kDirtyWritable = {kSegDirty | kSegWrite, kSegDirty | kSegWrite, kSegProtect, 0};
  FormLayout f;
  f.none_word = kSegInvalid;
  f.none = Spells(~Word{0}, kSegInvalid);
  f.present = AnyOf(kSegPresent);
  f.protnone = Spells(kSegPresent | kSegLarge | kSegRead, kSegPresent | kSegLarge);
  f.write = AllOf(kSegWrite);
  f.exec = NoneOf(kSegNoexec);
  f.dirty = AllOf(kSegDirty);
  f.young = kSegYoung;
  f.soft_dirty = kSegSoftDirty;
  f.pfn = {.mask = kSegOrigin, .word_shift = 12};

  f.mkhuge = {.set = kSegLarge | kSegYoung | kSegProtect};
  // Segment protections are written for a young dirty page; the rules take that back.
  f.modify = {
      .keep = kSegOrigin | kSegDirty | kSegYoung | kSegLarge | kSegSoftDirty,
      .after = {{0, 0, {kSegDirty, 0, 0, kSegProtect}}, {0, 0, {kSegYoung, 0, 0, kSegInvalid}}}};
  f.mkwrite = {.set = kSegWrite, .after = {kDirtyWritable}};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = f.mkwrite;
  f.wrprotect = {.clear = kSegWrite, .set = kSegProtect};
  f.mkdirty = {.set = kSegDirty | kSegSoftDirty, .after = {kDirtyWritable}};
  f.mkclean = {.clear = kSegDirty, .set = kSegProtect};
  f.mkyoung = {.set = kSegYoung, .after = {kYoungReadable}};
  f.mkold = {.clear = kSegYoung, .set = kSegInvalid};
  f.mkinvalid = {.set = kSegInvalid};
  f.window = f.mkinvalid;

  f.swp = {.type_shift = kSegTypeShift,
           .offset_shift = 12,
           .encode_mask = kPageOrigin,
           .offset_mask = Bits(51, 0),
           .set = kSegInvalid | kSegComm,
           .soft_dirty = kSegSoftDirty};
  return f;
}

// The flags that a fake PTE and a segment entry both have, pairwise.
constexpr struct {
  Word pte;
  Word segment;
} kFlagPairs[] = {
    {kRead, kSegRead},   {kWrite, kSegWrite}, {kInvalid, kSegInvalid},     {kProtect, kSegProtect},
    {kDirty, kSegDirty}, {kYoung, kSegYoung}, {kSoftDirty, kSegSoftDirty}, {kNoexec, kSegNoexec},
};

// __pte_to_rste()
Word PteToRste(Word pte) {
  if ((pte & kPresent) != 0) {
    Word rste = (pte & kPageOrigin) | kSegPresent;
    for (const auto& pair : kFlagPairs) rste |= (pte & pair.pte) != 0 ? pair.segment : 0;
    return rste;
  }
  if (pte == kInvalid) return kSegInvalid;
  const Word type = (pte >> kPteTypeShift) & 0x1f;
  return (pte & kPageOrigin) | (type << kSegTypeShift) | kSegInvalid | kSegComm;
}

// __rste_to_pte()
Word RsteToPte(Word rste) {
  if ((rste & kSegPresent) != 0) {
    Word pte = (rste & kSegOrigin) | kLarge | kPresent;
    for (const auto& pair : kFlagPairs) pte |= (rste & pair.segment) != 0 ? pair.pte : 0;
    return pte;
  }
  if ((rste & ~kSegType) == kSegInvalid) return kInvalid;
  const Word type = (rste >> kSegTypeShift) & 0x1f;
  return (rste & kPageOrigin) | (type << kPteTypeShift) | kInvalid | kProtect;
}

// set_huge_pte_at() adds what only the table's format has.
Word HugetlbStore(HugeSize size, Word pte) {
  Word rste = PteToRste(pte);
  if ((pte & kPresent) != 0) rste |= kSegLarge;
  return size == HugeSize::kPud ? rste | kTypeRegion3 : rste;
}
Word HugetlbLoad(HugeSize, Word raw) { return RsteToPte(raw); }

constexpr Helper kHelpers[] = {
    {"__pte_to_rste", PteToRste, "the segment-table form of a (fake) PTE"},
    {"__rste_to_pte", RsteToPte, "the fake PTE of a segment or region entry"},
};

constexpr HwModel PteHardware() {
  HwModel hw;
  // INVALID with READ and without YOUNG is an old page (a fault that sets YOUNG); with YOUNG it is
  // an entry inside a modify_prot transaction.
  hw.valid = {.mask1 = kPresent | kRead | kInvalid,
              .value1 = kPresent | kRead,
              .mask2 = kPresent | kRead | kInvalid | kYoung,
              .value2 = kPresent | kRead | kInvalid};
  hw.hidden = kInvalid;
  hw.allow[0] = AllOf(kRead);
  hw.allow[1] = AllOf(kWrite);
  hw.allow[2] = NoneOf(kNoexec);
  hw.young = kYoung;
  hw.dirty = NoneOf(kProtect);
  hw.set_young = PteForm().mkyoung;
  hw.set_dirty = PteForm().mkdirty;
  return hw;
}

constexpr HwModel SegmentHardware() {
  HwModel hw;
  constexpr Word kLeaf = kSegPresent | kSegLarge | kSegRead;
  hw.valid = {.mask1 = kLeaf | kSegInvalid,
              .value1 = kLeaf,
              .mask2 = kLeaf | kSegInvalid | kSegYoung,
              .value2 = kLeaf | kSegInvalid};
  hw.hidden = kSegInvalid;
  hw.allow[0] = AllOf(kSegRead);
  hw.allow[1] = AllOf(kSegWrite);
  hw.allow[2] = NoneOf(kSegNoexec);
  hw.young = kSegYoung;
  hw.dirty = NoneOf(kSegProtect);
  hw.set_young = SegmentForm().mkyoung;
  hw.set_dirty = SegmentForm().mkdirty;
  return hw;
}

// Every user protection starts invalid and protected; pfn_pte() and pte_modify() relax it.
constexpr Pgprot kPageNone = kPresent | kInvalid | kProtect;
constexpr Pgprot kPageRx = kPageNone | kRead;
constexpr Pgprot kPageRo = kPageRx | kNoexec;
constexpr Pgprot kPageRwx = kPageRx | kWrite;
constexpr Pgprot kPageRw = kPageRo | kWrite;
constexpr Pgprot kSegmentNone = kSegPresent | kSegInvalid | kSegProtect;
constexpr Pgprot kSegmentRx = kSegPresent | kSegProtect | kSegRead;
constexpr Pgprot kSegmentRo = kSegmentRx | kSegNoexec;
constexpr Pgprot kSegmentRwx = kSegPresent | kSegRead | kSegWrite;
constexpr Pgprot kSegmentRw = kSegmentRwx | kSegNoexec;

constexpr ConstantTable Constants(const FormLayout& pte) {
  return {{{"PAGE_NONE", kPageNone},
           {"PAGE_RO", kPageRo},
           {"PAGE_RX", kPageRx},
           {"PAGE_RW", kPageRw},
           {"PAGE_RWX", kPageRwx},
           {"SEGMENT_NONE", kSegmentNone},
           {"SEGMENT_RO", kSegmentRo},
           {"SEGMENT_RX", kSegmentRx},
           {"SEGMENT_RW", kSegmentRw},
           {"SEGMENT_RWX", kSegmentRwx},
           {"_PAGE_PRESENT", kPresent},
           {"_PAGE_YOUNG", kYoung},
           {"_PAGE_DIRTY", kDirty},
           {"_PAGE_READ", kRead},
           {"_PAGE_WRITE", kWrite},
           {"_PAGE_SPECIAL", kSpecial},
           {"_PAGE_SOFT_DIRTY", kSoftDirty},
           {"_PAGE_UNUSED", kUnused},
           {"_PAGE_NOEXEC", kNoexec},
           {"_PAGE_PROTECT", kProtect},
           {"_PAGE_INVALID", kInvalid},
           {"_PAGE_LARGE", kLarge},
           {"_PAGE_CHG_MASK", pte.modify.keep},
           {"_SEGMENT_ENTRY_EMPTY", kSegInvalid},
           {"_SEGMENT_ENTRY_INVALID", kSegInvalid},
           {"_SEGMENT_ENTRY_PRESENT", kSegPresent},
           {"_SEGMENT_ENTRY_PROTECT", kSegProtect},
           {"_SEGMENT_ENTRY_NOEXEC", kSegNoexec},
           {"_SEGMENT_ENTRY_YOUNG", kSegYoung},
           {"_SEGMENT_ENTRY_DIRTY", kSegDirty},
           {"_SEGMENT_ENTRY_READ", kSegRead},
           {"_SEGMENT_ENTRY_WRITE", kSegWrite},
           {"_SEGMENT_ENTRY_SOFT_DIRTY", kSegSoftDirty},
           {"_SEGMENT_ENTRY_LARGE", kSegLarge},
           {"_REGION3_ENTRY_LARGE", kSegLarge},
           {"_REGION_ENTRY_TYPE_R3", kTypeRegion3},
           {"_REGION3_ENTRY_EMPTY", kSegInvalid | kTypeRegion3}}};
}

constexpr Layout Configure(Name name, std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "s390x";
  l.family = "s390x";
  l.sentence = sentence;
  l.geometry = {12, 3, {8, 11, 11, 0, 0}};
  l.swp_types = SwpTypesWith(false);
  l.max_physmem_bits = 46;
  l.form[0] = PteForm();
  l.form[1] = SegmentForm();
  l.trans_huge = AllOf(kSegPresent | kSegLarge);
  l.pmd_leaf = l.trans_huge;
  l.page_none = kPageNone;
  l.protection_map = {kPageNone, kPageRo, kPageRo, kPageRo, kPageRx, kPageRx, kPageRx,  kPageRx,
                      kPageNone, kPageRo, kPageRw, kPageRw, kPageRx, kPageRx, kPageRwx, kPageRwx};
  l.pmd_prot_from = {kPageNone, kPageRo, kPageRx, kPageRw, kPageRwx};
  l.pmd_prot_to = {kSegmentNone, kSegmentRo, kSegmentRx, kSegmentRw, kSegmentRwx};
  l.huge_order = {0, 8, 0, 19};
  l.huge[1] = l.huge[3] = {.set = kLarge};
  l.hugetlb_store = HugetlbStore;
  l.hugetlb_load = HugetlbLoad;
  l.hw[0] = PteHardware();
  l.hw[1] = SegmentHardware();
  l.young_mode = l.dirty_mode = AdMode::kFault;
  l.fields[0] = kFields;
  l.fields[1] = kSegmentFields;
  l.letters[0] = kLetters;
  l.letters[1] = kSegmentLetters;
  l.reclaims_tables = false;  // has a tlb_remove_table() of its own
  l.helpers = kHelpers;
  l.constants = Constants(l.form[0]);
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("s390x"), "4 KiB pages, 1 MiB segments, no hardware A/D")),
};

}  // namespace

std::span<const Arch> S390xArchs() { return kArchs; }

}  // namespace uffdsim

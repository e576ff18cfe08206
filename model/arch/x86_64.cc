// x86-64, 4 or 5 levels, 4 KiB pages.
//
// Mirrors:  arch/x86/include/asm/pgtable_types.h, pgtable.h, pgtable_64.h, pgtable-invert.h,
//           arch/x86/mm/pgtable.c, arch/x86/mm/pgprot.c (protection map).
// Marker:   bit 10 (SOFTW2) when present, bit 2 (USER) in swap entries.
// Protnone: bit 8 set while bit 0 is clear. Bit 8 is Global in entries the CPU sees.
// A/D:      the CPU sets Accessed on any walk and Dirty on a store. Dirty with RW clear means
//           shadow stack, so taking RW away moves Dirty (6) to SavedDirty (58), giving it back
//           moves it home.
// Trap:     the frame of every non-zero entry without bit 0 is stored inverted (L1TF): bits 51:12
//           by pte helpers (hugetlb too), 51:21 by pmd helpers. The swap offset is inverted as
//           well.
//
// Options as compiled and pinned: user shadow stack and NX on, no memory encryption, no L1TF limit
// on the swap offset.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kPresent = Bit(0);
constexpr Word kRw = Bit(1);
constexpr Word kUser = Bit(2);
constexpr Word kPwt = Bit(3);
constexpr Word kPcd = Bit(4);
constexpr Word kAccessed = Bit(5);
constexpr Word kDirty = Bit(6);
constexpr Word kPat = Bit(7);  // of a PTE; the same bit is PSE in a PMD or PUD leaf
constexpr Word kPse = Bit(7);
constexpr Word kGlobal = Bit(8);
constexpr Word kProtnone = Bit(8);
constexpr Word kSpecial = Bit(9);
constexpr Word kUffd = Bit(10);
constexpr Word kSoftDirty = Bit(11);
constexpr Word kSavedDirty = Bit(58);
constexpr Word kNx = Bit(63);
constexpr Word kPfnMask = Bits(51, 12);
constexpr Word kPmdPfnMask = Bits(51, 21);

// _PAGE_CHG_MASK; _HPAGE_CHG_MASK has the same value (bit 7 is PSE there).
constexpr Word kChgMask = kPfnMask | kPcd | kPwt | kSpecial | kAccessed | kDirty | kSavedDirty |
                          kSoftDirty | kUffd | kPat;
static_assert(kChgMask == 0x040ffffffffffef8);

constexpr Field kFields[] = {
    {"present", 0, 0},
    {"rw", 1, 1},
    {"user", 2, 2},
    {"pwt", 3, 3},
    {"pcd", 4, 4},
    {"accessed", 5, 5},
    {"dirty", 6, 6},
    {"pat", 7, 7},
    {"global", 8, 8},
    {"special", 9, 9},
    {"uffd", 10, 10},
    {"soft_dirty", 11, 11},
    {"softw4", 57, 57, FieldUse::kSpare},
    {"saved_dirty", 58, 58},
    {"pkey", 62, 59},
    {"nx", 63, 63},
};
constexpr Field kPmdFields[] = {
    {"present", 0, 0},       {"rw", 1, 1},
    {"user", 2, 2},          {"pwt", 3, 3},
    {"pcd", 4, 4},           {"accessed", 5, 5},
    {"dirty", 6, 6},         {"pse", 7, 7},
    {"global", 8, 8},        {"special", 9, 9},
    {"uffd", 10, 10},        {"soft_dirty", 11, 11},
    {"pat_large", 12, 12},   {"softw4", 57, 57, FieldUse::kSpare},
    {"saved_dirty", 58, 58}, {"pkey", 62, 59},
    {"nx", 63, 63},
};

// In the order of the bits; N stands where G would.
constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)},
    {'W', AllOf(kRw)},
    {'U', AllOf(kUser)},
    {'T', AllOf(kPwt)},
    {'C', AllOf(kPcd)},
    {'A', AllOf(kAccessed)},
    {'D', AllOf(kDirty)},
    {'H', AllOf(kPse)},
    {'N', Spells(kPresent | kProtnone, kProtnone)},
    {'G', AllOf(kPresent | kGlobal)},
    {'S', AllOf(kSpecial)},
    {'F', AllOf(kUffd)},
    {'M', AllOf(kSoftDirty)},
    {'Z', AllOf(kSavedDirty)},
    {'X', AllOf(kNx)},
};

// Dirty moves to SavedDirty in an entry without RW, and back in one with RW.
constexpr Rule kSaveDirty = {kRw | kDirty, kDirty, kDirty, kSavedDirty};
constexpr Rule kRestoreDirty = {kRw | kSavedDirty, kRw | kSavedDirty, kSavedDirty, kDirty};

constexpr FormLayout PteForm() {
  FormLayout f;
  // Some CPUs set A and D in entries that are empty.
  f.none = NoneOf(~(kAccessed | kDirty));
  f.present = AnyOf(kPresent | kProtnone);
  f.protnone = Spells(kPresent | kProtnone, kProtnone);
  // RW, or the shadow-stack form (Dirty without RW): together "either bit".
  f.write = AnyOf(kRw | kDirty);
  f.exec = NoneOf(kNx);
  f.dirty = AnyOf(kDirty | kSavedDirty);
  f.young = kAccessed;
  f.uffd = kUffd;
  f.soft_dirty = kSoftDirty;
  f.special = kSpecial;

  f.pfn = {.mask = kPfnMask, .word_shift = 12};
  f.invert = kPfnMask;
  f.invert_unless = kPresent;

  // Only an entry that had RW may have its Dirty moved away: a shadow-stack entry keeps it.
  f.modify = {.keep = kChgMask,
              .take = ~kChgMask,
              .after = {{kRw, kRw, kSaveDirty}, {kRw, 0, kRestoreDirty}}};
  f.mkwrite = {.set = kRw, .after = {kRestoreDirty}};
  f.mkwrite_novma = {.set = kRw};
  f.mkwrite_shstk = {.clear = kRw, .set = kDirty};
  f.wrprotect = {.clear = kRw, .after = {kSaveDirty}};
  f.mkdirty = {.set = kDirty | kSoftDirty, .after = {kSaveDirty}};
  f.mkclean = {.clear = kDirty | kSavedDirty};
  f.mkyoung = {.set = kAccessed};
  f.mkold = {.clear = kAccessed};
  f.mkuffd = {.clear = kRw, .set = kUffd, .after = {kSaveDirty}};
  f.mkspecial = {.set = kSpecial};
  f.window = {.clear = ~Word{0}};

  f.swp = {.type_shift = 59,
           .offset_shift = 9,
           .encode_mask = Bits(58, 9),
           .offset_mask = Bits(49, 0),
           .invert = Bits(58, 9),
           .uffd = kUser,
           .soft_dirty = kRw,
           .exclusive = kPwt};
  return f;
}

constexpr FormLayout PmdForm() {
  FormLayout f = PteForm();
  // PSE keeps a PMD present while pmd_mkinvalid() has P off.
  f.present = AnyOf(kPresent | kProtnone | kPse);
  f.write = {.any = kRw, .mask1 = kRw | kDirty | kPse, .value1 = kDirty | kPse};
  f.pfn.mask = kPmdPfnMask;
  f.invert = kPmdPfnMask;
  f.mkhuge = {.set = kPse};
  f.mkinvalid = {.clear = kPresent | kProtnone};
  return f;
}

constexpr HwModel Hardware() {
  HwModel hw;
  hw.valid = AllOf(kPresent);
  hw.allow[0] = AllOf(kUser);
  hw.allow[1] = AllOf(kUser | kRw);
  hw.allow[2] = Spells(kUser | kNx, kUser);
  hw.young = kAccessed;
  hw.dirty = AllOf(kDirty);
  hw.set_young = {.set = kAccessed};
  hw.set_dirty = {.set = kDirty};
  return hw;
}

constexpr Pgprot kNone = kProtnone | kAccessed;
constexpr Pgprot kReadonlyExec = kPresent | kUser | kAccessed;
constexpr Pgprot kSharedExec = kReadonlyExec | kRw;
constexpr Pgprot kReadonly = kReadonlyExec | kNx;
constexpr Pgprot kShared = kSharedExec | kNx;

constexpr ConstantTable Constants() {
  return {{{"PAGE_NONE", kNone},
           {"PAGE_READONLY", kReadonly},
           {"PAGE_COPY", kReadonly},
           {"PAGE_SHARED", kShared},
           {"PAGE_READONLY_EXEC", kReadonlyExec},
           {"PAGE_COPY_EXEC", kReadonlyExec},
           {"PAGE_SHARED_EXEC", kSharedExec},
           {"_PAGE_PRESENT", kPresent},
           {"_PAGE_RW", kRw},
           {"_PAGE_USER", kUser},
           {"_PAGE_PWT", kPwt},
           {"_PAGE_PCD", kPcd},
           {"_PAGE_ACCESSED", kAccessed},
           {"_PAGE_DIRTY", kDirty},
           {"_PAGE_PSE", kPse},
           {"_PAGE_PAT", kPat},
           {"_PAGE_GLOBAL", kGlobal},
           {"_PAGE_PROTNONE", kProtnone},
           {"_PAGE_SPECIAL", kSpecial},
           {"_PAGE_UFFD", kUffd},
           {"_PAGE_SOFT_DIRTY", kSoftDirty},
           {"_PAGE_SAVED_DIRTY", kSavedDirty},
           {"_PAGE_NX", kNx},
           {"PTE_PFN_MASK", kPfnMask},
           {"_PAGE_CHG_MASK", kChgMask},
           {"_HPAGE_CHG_MASK", kChgMask}}};
}

constexpr Layout Configure(Name name, std::uint8_t levels, std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "x86_64";
  l.family = "x86_64";
  l.sentence = sentence;
  l.geometry = {12, levels, {9, 9, 9, 9, static_cast<std::uint8_t>(levels == 5 ? 9 : 0)}};
  l.swp_types = SwpTypesWith(true);
  l.max_physmem_bits = levels == 5 ? 52 : 46;
  l.uffd_minor = true;
  l.form[0] = PteForm();
  l.form[1] = PmdForm();
  l.trans_huge = AllOf(kPse);
  l.pmd_leaf = AllOf(kPse);
  l.page_none = kNone;
  l.protection_map = {kNone,         kReadonly,     kReadonly,     kReadonly,  // private
                      kReadonlyExec, kReadonlyExec, kReadonlyExec, kReadonlyExec,
                      kNone,         kReadonly,     kShared,       kShared,  // shared
                      kReadonlyExec, kReadonlyExec, kSharedExec,   kSharedExec};
  l.huge_order = {0, 9, 0, 18};
  l.huge[1] = {.set = kPse};
  l.huge[3] = {.set = kPse};
  l.hw[0] = l.hw[1] = Hardware();
  l.has_hw_young = true;
  l.flags_store = FlagsStore::kWholeIfWrite;
  l.fields[0] = kFields;
  l.fields[1] = kPmdFields;
  l.letters[0] = l.letters[1] = kLetters;
  l.constants = Constants();
  return l;
}

// The same bits in small tables, for explorers that copy and compare whole machines: a PMD maps
// four pages, and the 26 bits of page number hold every region of a scenario.
constexpr Layout ConfigureTiny() {
  Layout l = Configure(Name("x86_64-tiny"), 5, "the same bits in tables of 4 and 64 entries");
  l.geometry = {12, 5, {2, 6, 6, 6, 6}};
  l.huge_order = {0, 2, 0, 8};
  constexpr Word kTinyPmdPfnMask = Bits(51, 14);
  l.form[1].pfn.mask = kTinyPmdPfnMask;
  l.form[1].invert = kTinyPmdPfnMask;
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("x86_64-4level"), 4, "48-bit virtual, 46-bit physical addresses")),
    Arch(Configure(Name("x86_64-5level"), 5, "LA57: 57-bit virtual, 52-bit physical addresses")),
    Arch(ConfigureTiny()),
};

}  // namespace

std::span<const Arch> X86_64Archs() { return kArchs; }

}  // namespace uffdsim

// riscv64, Sv39, Sv48 and Sv57, 4 KiB pages.
//
// Mirrors:  arch/riscv/include/asm/pgtable-bits.h, pgtable-64.h, pgtable.h, arch/riscv/mm/init.c
//           (protection map), pgtable.c, hugetlbpage.c.
// Marker:   bit 60 when present, bit 4 in swap entries; both masks are zero unless the CPU has
//           Svrsw60t59b (a run-time test), and then userfaultfd WP and RWP are not offered.
// Protnone: bit 5 (Global) set while V is clear. PAGE_NONE keeps READ so that PMD leaf tests work.
// A/D:      Svade (the default): A=0, or D=0 on a store, raises a page fault and the kernel sets
// the
//           bit. Svadu: the hardware sets both.
// Trap:     pte_wrprotect() and pte_mkuffd() set READ: R=W=X=0 would be a pointer to a table.
// Collides: swap soft-dirty is bit 3, which is EXEC: a PMD migration entry with soft-dirty passes
//           pmd_present() and pmd_leaf().
//
// Suffixes: -svrsw has Svrsw60t59b and Svpbmt, -noext has neither; -sv39 / -sv57 change the number
// of levels (none: Sv48); -svadu: hardware A/D.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kPresent = Bit(0);
constexpr Word kRead = Bit(1);
constexpr Word kWrite = Bit(2);
constexpr Word kExec = Bit(3);
constexpr Word kUser = Bit(4);
constexpr Word kGlobal = Bit(5);
constexpr Word kProtNone = kGlobal;  // when V is clear
constexpr Word kAccessed = Bit(6);
constexpr Word kDirty = Bit(7);
constexpr Word kSpecial = Bit(8);
constexpr Word kPfnMask = Bits(53, 10);
constexpr Word kSoftDirty = Bit(59);
constexpr Word kUffd = Bit(60);
constexpr Word kMemType = Bits(62, 61);
constexpr Word kNapot = Bit(63);
constexpr Word kLeaf = kRead | kWrite | kExec;

constexpr unsigned kNapotOrder = 4;  // 64 KiB is the only size Svnapot defines
constexpr Word kNapotPattern = Bit(10 + kNapotOrder - 1);

constexpr Field kFields[] = {
    {"present", 0, 0},    {"read", 1, 1},
    {"write", 2, 2},      {"exec", 3, 3},
    {"user", 4, 4},       {"global", 5, 5},
    {"accessed", 6, 6},   {"dirty", 7, 7},
    {"special", 8, 8},    {"rsw9", 9, 9, FieldUse::kSpare},
    {"reserved", 58, 54}, {"soft_dirty", 59, 59},
    {"uffd", 60, 60},     {"mem_type", 62, 61},
    {"napot", 63, 63},
};

constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)},
    {'R', AllOf(kRead)},
    {'W', AllOf(kWrite)},
    {'X', AllOf(kExec)},
    {'U', AllOf(kUser)},
    {'A', AllOf(kAccessed)},
    {'G', AllOf(kPresent | kGlobal)},
    {'D', AllOf(kDirty)},
    {'S', AllOf(kSpecial)},
    {'N', Spells(kPresent | kProtNone, kProtNone)},
    {'F', AllOf(kUffd)},
    {'M', AllOf(kSoftDirty)},
    {'T', AnyOf(kMemType)},
    {'C', AllOf(kNapot)},
};

constexpr Rewrite kMkNapot = {.clear = Bits(10 + kNapotOrder - 1, 10),
                              .set = kNapotPattern | kNapot};
Word MkNapot(Word pte) { return kMkNapot(pte); }
constexpr Helper kHelpers[] = {
    {"mknapot", MkNapot, "pte_mknapot() of order 4: one of 16 equal entries of a 64 KiB page"},
};

enum class Ext { kNone, kSvrsw };
enum class Ad { kSvade, kSvadu };

constexpr FormLayout PteForm(Ext ext) {
  const bool svrsw = ext == Ext::kSvrsw;
  const Word uffd = svrsw ? kUffd : 0;
  const Word soft_dirty = svrsw ? kSoftDirty : 0;
  FormLayout f;
  f.none = NoneOf(~Word{0});
  f.present = AnyOf(kPresent | kProtNone);
  f.protnone = Spells(kPresent | kProtNone, kProtNone);
  f.write = AllOf(kWrite);
  f.exec = AllOf(kExec);
  f.dirty = AllOf(kDirty);
  f.young = kAccessed;
  f.uffd = uffd;
  f.soft_dirty = soft_dirty;
  f.special = kSpecial;

  f.pfn = {.mask = kPfnMask, .word_shift = 10, .napot = kNapot};

  // The new protection is OR-ed in unmasked, so an accessible one sets Accessed.
  f.modify.keep = ~(kPresent | kLeaf | kUser | kGlobal | (svrsw ? kMemType : 0));
  f.mkwrite = {.set = kWrite};
  f.mkwrite_novma = f.mkwrite;
  f.mkwrite_shstk = {.clear = kRead | kExec, .set = kWrite};
  f.wrprotect = {.clear = kWrite, .set = kRead};
  f.mkdirty = {.set = kDirty | soft_dirty};
  f.mkclean = {.clear = kDirty};
  f.mkyoung = {.set = kAccessed};
  f.mkold = {.clear = kAccessed};
  f.mkuffd = {.clear = kWrite, .set = kRead | uffd};
  f.mkspecial = {.set = kSpecial};
  f.window = {.clear = ~Word{0}};

  f.swp = {.type_shift = 7,
           .offset_shift = 12,
           .encode_mask = ~Word{0} << 12,
           .offset_mask = Bits(51, 0),
           .uffd = svrsw ? Bit(4) : 0,
           .soft_dirty = svrsw ? Bit(3) : 0,
           .exclusive = Bit(6)};
  return f;
}

constexpr FormLayout PmdForm(Ext ext) {
  FormLayout f = PteForm(ext);
  f.present = AnyOf(kPresent | kProtNone | kLeaf);
  f.mkinvalid = {.clear = kPresent | kProtNone};
  return f;
}

constexpr HwModel Hardware() {
  HwModel hw;
  hw.valid = AllOf(kPresent);
  // W without R and X is a shadow stack: loads work, ordinary stores do not.
  hw.allow[0] = {.mask1 = kUser | kRead,
                 .value1 = kUser | kRead,
                 .mask2 = kUser | kLeaf,
                 .value2 = kUser | kWrite};
  hw.allow[1] = AllOf(kUser | kRead | kWrite);
  hw.allow[2] = AllOf(kUser | kExec);
  hw.young = kAccessed;
  hw.dirty = AllOf(kDirty);
  hw.set_young = {.set = kAccessed};
  hw.set_dirty = {.set = kDirty};
  return hw;
}

constexpr Pgprot kBase = kPresent | kAccessed | kUser;
constexpr Pgprot kPageNone = kProtNone | kRead;
constexpr Pgprot kPageRead = kBase | kRead;
constexpr Pgprot kPageShared = kBase | kRead | kWrite;
constexpr Pgprot kPageExec = kBase | kExec;
constexpr Pgprot kPageReadExec = kBase | kRead | kExec;
constexpr Pgprot kPageSharedExec = kBase | kLeaf;
constexpr Pgprot kPageShadowStack = kBase | kWrite;

// Bit 6 is swap-exclusive, which PMD entries do not have: soft-dirty could live there.
constexpr void MoveSwapSoftDirty(Layout& l) {
  if (l.form[1].swp.soft_dirty != 0) l.form[1].swp.soft_dirty = l.form[0].swp.exclusive;
}

constexpr ConstantTable Constants(const FormLayout& pte) {
  return {{{"PAGE_NONE", kPageNone},
           {"PAGE_READ", kPageRead},
           {"PAGE_COPY", kPageRead},
           {"PAGE_EXEC", kPageExec},
           {"PAGE_READ_EXEC", kPageReadExec},
           {"PAGE_COPY_EXEC", kPageReadExec},
           {"PAGE_SHARED", kPageShared},
           {"PAGE_SHARED_EXEC", kPageSharedExec},
           {"PAGE_SHADOWSTACK", kPageShadowStack},
           {"_PAGE_PRESENT", kPresent},
           {"_PAGE_READ", kRead},
           {"_PAGE_WRITE", kWrite},
           {"_PAGE_EXEC", kExec},
           {"_PAGE_USER", kUser},
           {"_PAGE_GLOBAL", kGlobal},
           {"_PAGE_PROT_NONE", kProtNone},
           {"_PAGE_ACCESSED", kAccessed},
           {"_PAGE_DIRTY", kDirty},
           {"_PAGE_SPECIAL", kSpecial},
           {"_PAGE_SOFT_DIRTY", pte.soft_dirty},
           {"_PAGE_UFFD", pte.uffd},
           {"_PAGE_NAPOT", kNapot},
           {"_PAGE_PFN_MASK", kPfnMask},
           {"_PAGE_CHG_MASK", pte.modify.keep}}};
}

constexpr Layout Configure(Name name, std::uint8_t levels, Ext ext, Ad ad,
                           std::string_view sentence) {
  Layout l;
  l.name = name;
  l.kernel_name = "riscv64";
  l.family = "riscv64";
  l.sentence = sentence;
  l.geometry = {12, levels, {9, 9, 9, 0, 0}};
  for (std::size_t level = 3; level < levels; ++level) l.geometry.bits[level] = 9;
  l.swp_types = SwpTypesWith(false);
  l.max_physmem_bits = 56;
  l.uffd_minor = true;
  l.form[0] = PteForm(ext);
  l.form[1] = PmdForm(ext);
  l.trans_huge = AnyOf(kLeaf);
  l.pmd_leaf = AnyOf(kLeaf);
  if (ext == Ext::kSvrsw) l.without_collision = MoveSwapSoftDirty;
  l.page_none = kPageNone;
  l.protection_map = {kPageNone, kPageRead,     kPageShadowStack, kPageRead,      // private
                      kPageExec, kPageReadExec, kPageReadExec,    kPageReadExec,  //
                      kPageNone, kPageRead,     kPageShared,      kPageShared,    // shared
                      kPageExec, kPageReadExec, kPageSharedExec,  kPageSharedExec};
  l.huge_order = {kNapotOrder, 9, 0, 18};
  l.huge[0] = kMkNapot;
  l.hw[0] = l.hw[1] = Hardware();
  l.has_hw_young = ad == Ad::kSvadu;
  l.reports_mceerr = false;
  l.access_code_sticks = true;
  l.young_mode = l.dirty_mode = ad == Ad::kSvadu ? AdMode::kHardware : AdMode::kFault;
  l.fields[0] = l.fields[1] = kFields;
  l.letters[0] = l.letters[1] = kLetters;
  l.helpers = kHelpers;
  l.constants = Constants(l.form[0]);
  return l;
}

constexpr Arch kArchs[] = {
    Arch(Configure(Name("riscv64-svrsw"), 4, Ext::kSvrsw, Ad::kSvade,
                   "Sv48 with Svrsw60t59b and Svpbmt: the uffd and soft-dirty bits exist")),
    Arch(
        Configure(Name("riscv64-noext"), 4, Ext::kNone, Ad::kSvade,
                  "Sv48 without Svrsw60t59b: compiled in, but the mask is zero and WP/RWP refuse")),
    Arch(Configure(Name("riscv64-svrsw-sv39"), 3, Ext::kSvrsw, Ad::kSvade,
                   "as riscv64-svrsw with three levels")),
    Arch(Configure(Name("riscv64-svrsw-sv57"), 5, Ext::kSvrsw, Ad::kSvade,
                   "as riscv64-svrsw with five levels")),
    Arch(Configure(Name("riscv64-svrsw-svadu"), 4, Ext::kSvrsw, Ad::kSvadu,
                   "as riscv64-svrsw, hardware sets A and D")),
    Arch(Configure(Name("riscv64-svrsw-sv39-svadu"), 3, Ext::kSvrsw, Ad::kSvadu,
                   "three levels, hardware sets A and D")),
    Arch(Configure(Name("riscv64-svrsw-sv57-svadu"), 5, Ext::kSvrsw, Ad::kSvadu,
                   "five levels, hardware sets A and D")),
    Arch(Configure(Name("riscv64-noext-sv39"), 3, Ext::kNone, Ad::kSvade,
                   "as riscv64-noext with three levels")),
    Arch(Configure(Name("riscv64-noext-sv57"), 5, Ext::kNone, Ad::kSvade,
                   "as riscv64-noext with five levels")),
    Arch(Configure(Name("riscv64-noext-svadu"), 4, Ext::kNone, Ad::kSvadu,
                   "as riscv64-noext, hardware sets A and D")),
};

}  // namespace

std::span<const Arch> Riscv64Archs() { return kArchs; }

}  // namespace uffdsim

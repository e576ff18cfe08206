// The toy: an architecture that exists only in tests, to show what adding one takes.
//
// Mirrors:  nothing. 4 KiB pages, three levels, every flag a bit of its own.
// Marker:   bit 8 when present, bit 8 in swap entries.
// Protnone: present without read.
// A/D:      the hardware sets both.
#include <span>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Word kPresent = Bit(0);
constexpr Word kVisible = Bit(1);  // what the toy's MMU looks at
constexpr Word kRead = Bit(2);
constexpr Word kWrite = Bit(3);
constexpr Word kExec = Bit(4);
constexpr Word kYoung = Bit(5);
constexpr Word kDirty = Bit(6);
constexpr Word kSpecial = Bit(7);
constexpr Word kUffd = Bit(8);
constexpr Word kLeaf = Bit(9);
constexpr Word kPfn = Bits(51, 12);
constexpr Word kRights = kVisible | kRead | kWrite | kExec;

constexpr Field kFields[] = {
    {"present", 0, 0}, {"visible", 1, 1}, {"read", 2, 2},    {"write", 3, 3}, {"exec", 4, 4},
    {"young", 5, 5},   {"dirty", 6, 6},   {"special", 7, 7}, {"uffd", 8, 8},  {"leaf", 9, 9},
};
constexpr Letter kLetters[] = {
    {'P', AllOf(kPresent)}, {'R', AllOf(kRead)},  {'W', AllOf(kWrite)},
    {'A', AllOf(kYoung)},   {'D', AllOf(kDirty)}, {'F', AllOf(kUffd)},
};

constexpr FormLayout Entry() {
  FormLayout f;
  f.none = NoneOf(~Word{0});
  f.present = AllOf(kPresent);
  f.protnone = Spells(kPresent | kVisible | kRead, kPresent);
  f.write = AllOf(kWrite);
  f.exec = AllOf(kExec);
  f.dirty = AllOf(kDirty);
  f.young = kYoung;
  f.uffd = kUffd;
  f.special = kSpecial;
  f.pfn = {.mask = kPfn, .word_shift = 12};
  f.modify = {.keep = ~(kPresent | kRights), .take = kPresent | kRights};
  f.mkwrite = f.mkwrite_novma = f.mkwrite_shstk = {.set = kWrite};
  f.wrprotect = {.clear = kWrite};
  f.mkdirty = {.set = kDirty};
  f.mkclean = {.clear = kDirty};
  f.mkyoung = {.set = kYoung};
  f.mkold = {.clear = kYoung};
  f.mkuffd = {.clear = kWrite, .set = kUffd};
  f.mkspecial = {.set = kSpecial};
  f.mkhuge = {};
  // An invalidated entry keeps READ, so it is not protnone.
  f.mkinvalid = {.clear = kVisible, .set = kRead};
  f.window = {.clear = ~Word{0}};
  f.swp = {.type_shift = 1,
           .offset_shift = 12,
           .encode_mask = Bits(63, 12),
           .offset_mask = Bits(51, 0),
           .set = Bit(11),
           .uffd = kUffd,
           .exclusive = Bit(10)};
  return f;
}

constexpr Pgprot kNone = kPresent;
constexpr Pgprot kR = kPresent | kVisible | kRead | kYoung;
constexpr Pgprot kRw = kR | kWrite;
constexpr Pgprot kRx = kR | kExec;
constexpr Pgprot kRwx = kRw | kExec;

constexpr Layout Configure() {
  Layout l;
  l.name = Name("toy-4k");
  l.kernel_name = "toy";
  l.family = "toy";
  l.sentence = "4 KiB pages, everything in its place";
  l.geometry = {12, 3, {9, 9, 9, 0, 0}};
  l.swp_types = SwpTypesWith(false);
  l.max_physmem_bits = 52;
  l.form[0] = l.form[1] = Entry();
  l.form[1].mkhuge = {.set = kLeaf};
  l.trans_huge = l.pmd_leaf = AllOf(kLeaf);
  l.page_none = kNone;
  l.protection_map = {kNone, kR, kR,  kR,  kRx, kRx, kRx,  kRx,
                      kNone, kR, kRw, kRw, kRx, kRx, kRwx, kRwx};
  l.huge_order = {0, 9, 0, 0};
  l.huge[1] = {.set = kLeaf};
  HwModel hw;
  hw.valid = AllOf(kPresent | kVisible);
  hw.allow[0] = AllOf(kRead);
  hw.allow[1] = AllOf(kWrite);
  hw.allow[2] = AllOf(kExec);
  hw.young = kYoung;
  hw.dirty = AllOf(kDirty);
  hw.set_young = {.set = kYoung};
  hw.set_dirty = {.set = kDirty};
  l.hw[0] = l.hw[1] = hw;
  l.has_hw_young = true;
  l.fields[0] = l.fields[1] = kFields;
  l.letters[0] = l.letters[1] = kLetters;
  return l;
}

constexpr Arch kArchs[] = {Arch(Configure())};

}  // namespace

std::span<const Arch> ToyArchs() { return kArchs; }

}  // namespace uffdsim

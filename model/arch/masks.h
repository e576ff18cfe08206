// Questions and edits of words, written as masks: what accessors are made of.
//
// Mirrors: the bit arithmetic inside pte_*() and pmd_*() helpers, which on every architecture is a
//          test of some bits, or an edit with at most one condition before it and two after it.
// Rules:   everything is constexpr and pure. The defaults ask nothing and change nothing.
// Errors:  none.
// Units:   bit 0 is the least significant bit of the word, for every architecture.
#pragma once

#include <cstdint>

namespace uffdsim {

using Word = std::uint64_t;    // a raw page-table entry
using Pgprot = std::uint64_t;  // a raw protection (vm_page_prot)

// Bit n; bits hi down to lo, as the manuals write fields.
constexpr Word Bit(unsigned n) { return Word{1} << n; }
constexpr Word Bits(unsigned hi, unsigned lo) { return ((Bit(hi - lo) << 1) - 1) << lo; }

// A yes/no question: some bit of `any` is set, or one of two bit patterns is spelled exactly. The
// defaults never match.
struct Test {
  Word any = 0;
  Word mask1 = 0;
  Word value1 = 1;
  Word mask2 = 0;
  Word value2 = 1;

  constexpr bool operator()(Word w) const {
    return (w & any) != 0 || (w & mask1) == value1 || (w & mask2) == value2;
  }
};

constexpr Test AnyOf(Word bits) { return {.any = bits}; }
constexpr Test AllOf(Word bits) { return {.mask1 = bits, .value1 = bits}; }
constexpr Test NoneOf(Word bits) { return {.mask1 = bits, .value1 = 0}; }
constexpr Test Spells(Word mask, Word value) { return {.mask1 = mask, .value1 = value}; }

// A conditional edit: when the word spells `value` under `mask`, clear and then set bits. The
// default never applies.
struct Rule {
  Word mask = 0;
  Word value = 1;
  Word clear = 0;
  Word set = 0;

  constexpr Word operator()(Word w) const { return (w & mask) == value ? (w & ~clear) | set : w; }
  constexpr bool Never() const { return (value & ~mask) != 0; }
};

// One kernel helper: a rule on the word as it was, an unconditional edit, two rules on the result.
struct Rewrite {
  Rule before = {};
  Word clear = 0;
  Word set = 0;
  Rule after[2] = {};
  bool plain = false;  // derived: no rule can apply, most helpers of most architectures

  constexpr Word operator()(Word w) const {
    if (plain) return (w & ~clear) | set;
    w = (before(w) & ~clear) | set;
    return after[1](after[0](w));
  }
};

// A rule that also looks at the word before the helper started (x86-64: was RW set?).
struct ModifyRule {
  Word old_mask = 0;
  Word old_value = 0;
  Rule rule = {};
};

// pte_modify(): keep some bits, take others from the new protection, then repair.
struct Modify {
  Rule before = {};
  Word keep = 0;         // _PAGE_CHG_MASK
  Word take = ~Word{0};  // which bits of the protection are honoured
  ModifyRule after[2] = {};
  bool plain = false;  // derived: no rule can apply and no frame is inverted
};

}  // namespace uffdsim

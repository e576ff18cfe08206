// The declaration of one architecture's page-table entries, as data.
//
// Mirrors: what arch/*/include/asm/pgtable*.h say with macros and inline functions.
// Rules:   everything an accessor does is written as masks: a `Test` asks about a word, a `Rewrite`
//          changes it. A hook exists only for what masks cannot say, and is null elsewhere.
// Owned by: the architecture's file; immutable once it is in the catalogue.
// Errors:  none. A layout is checked by the algebra suite, not at run time.
// Units:   bit 0 is the least significant bit of the word for every architecture; shifts are log2
//          of bytes; orders are log2 of base pages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/arch/masks.h"

#include "model/base/access.h"

namespace uffdsim {

enum class Form : std::uint8_t { kPte, kPmd };

// Which leaf size a hugetlb entry has.
enum class HugeSize : std::uint8_t { kContPte, kPmd, kContPmd, kPud };
inline constexpr int kHugeSizes = 4;

// Where the frame number is. The physical address sits in the word from bit `word_shift` (riscv64
// puts the frame number at bit 10, everybody else at the page shift); arm64 with 52-bit physical
// addresses stores its top bits again below, `high_shift` positions down.
struct PfnField {
  Word mask = 0;
  unsigned word_shift = 0;
  Word high_mask = 0;
  unsigned high_shift = 0;
  Word napot = 0;  // when set, the lowest set bit of the number is a size mark, not an address
};

// Swap entries: where type, offset and the three flags are.
struct SwpCodec {
  unsigned type_shift = 0;
  Word type_mask = 0x1f;  // unshifted
  unsigned offset_shift = 0;
  Word encode_mask = 0;  // in place; what encoding lets through (macros may not mask)
  Word offset_mask = 0;  // unshifted; what decoding returns
  Word invert = 0;       // in place; offset bits stored as complement
  Word set = 0;          // always set in a swap entry
  Word uffd = 0;
  Word soft_dirty = 0;
  Word exclusive = 0;
};

// The accessor family of one form. The kernel's names with pte_ or pmd_ in front.
struct FormLayout {
  Word none_word = 0;
  Test none;
  Test present;
  bool (*present_hook)(Word) = nullptr;
  Test protnone;
  Test write;
  Test exec;
  Test dirty;
  Word young = 0;
  Word uffd = 0;
  Word soft_dirty = 0;
  Word special = 0;

  PfnField pfn;
  Word invert = 0;         // frame bits stored as complement in words that are not hw-present
  Word invert_unless = 0;  // the hw-present bit that decides it

  Rewrite make;    // pfn_pte / pfn_pmd: applied to frame | protection
  Rewrite mkhuge;  // pmd_mkhuge(); unused for PTEs, whose sizes are in Layout::huge
  Modify modify;
  Rewrite mkwrite;
  Rewrite mkwrite_novma;
  Rewrite mkwrite_shstk;
  Rewrite wrprotect;
  Rewrite mkdirty;
  Rewrite mkclean;
  Rewrite mkyoung;
  Rewrite mkold;
  Rewrite mkuffd;
  Rewrite mkspecial;
  Rewrite mkinvalid;  // what a lockless reader sees while a PMD is rewritten
  Rewrite window;     // the same during a modify_prot transaction

  SwpCodec swp;

  // Computes what is derived. Whoever changes a layout calls it again (Arch's constructor does).
  constexpr void Derive() {
    for (Rewrite* r :
         {&make, &mkhuge, &mkwrite, &mkwrite_novma, &mkwrite_shstk, &wrprotect, &mkdirty, &mkclean,
          &mkyoung, &mkold, &mkuffd, &mkspecial, &mkinvalid, &window}) {
      r->plain = r->before.Never() && r->after[0].Never() && r->after[1].Never();
    }
    modify.plain = invert == 0 && modify.before.Never() && modify.after[0].rule.Never() &&
                   modify.after[1].rule.Never();
  }
};

// How an accessed or dirty bit that is clear gets set when it is needed.
enum class AdMode : std::uint8_t {
  kHardware,  // the MMU (or a refill handler no page fault sees) writes the entry
  kFault,     // the access faults, the kernel's fault path sets it
};

// What the MMU checks and writes, for one form.
struct HwModel {
  Test valid;       // else: translation fault
  Word hidden = 0;  // set: not seen, although an access would only fault for young (s390x)
  Test allow[3];    // indexed by Access; else: permission fault
  Word young = 0;   // what the MMU wants to see set
  Test dirty;       // what a store wants to see
  Rewrite set_young;
  Rewrite set_dirty;
};

// ptep_set_access_flags(): a store of the whole new entry, or a merge of some bits into the old.
enum class FlagsStore : std::uint8_t { kWhole, kWholeIfWrite, kMerge };

// Levels of the radix tree, from the leaf table up.
struct Geometry {
  std::uint8_t page_shift;  // log2 of the base page size in bytes
  std::uint8_t levels;      // number of table levels walked, 3..5
  std::uint8_t bits[5];     // index bits per level, [0] = PTE table
  constexpr std::uint32_t EntriesPerTable(int level) const { return 1U << bits[level]; }
  constexpr std::uint32_t PmdPages() const { return 1U << bits[0]; }
  // Base pages that one entry of a table of `level` covers.
  constexpr std::uint64_t PagesPerEntry(int level) const {
    std::uint64_t pages = 1;
    for (int below = 0; below < level; ++below) pages <<= bits[below];
    return pages;
  }
};

// Numbers that the configuration gives to the special swap types (include/linux/swap.h). 0xff: the
// configuration does not have it.
struct SwpTypes {
  std::uint8_t max_swapfiles;
  std::uint8_t hwpoison;
  std::uint8_t migration_read;
  std::uint8_t migration_read_exclusive;
  std::uint8_t migration_write;
  std::uint8_t device_write;
  std::uint8_t device_read;
  std::uint8_t device_exclusive;
  std::uint8_t marker;
};

inline constexpr std::uint8_t kNoSwpType = 0xff;

// The kernel's rule from the bottom: swap files, hwpoison, migration, device, marker.
constexpr SwpTypes SwpTypesWith(bool memory_failure) {
  return memory_failure ? SwpTypes{24, 24, 25, 26, 27, 28, 29, 30, 31}
                        : SwpTypes{25, kNoSwpType, 25, 26, 27, 28, 29, 30, 31};
}

// A named field of the word for people: pte decode, diff, encode. The frame number is not among
// them: PfnField says where that is.
enum class FieldUse : std::uint8_t {
  kUsed,   // by the hardware, by Linux, or reserved
  kSpare,  // for software, and no software uses it
};
struct Field {
  std::string_view name;
  std::uint8_t hi;
  std::uint8_t lo;
  FieldUse use = FieldUse::kUsed;
};

// One letter of the `entry` string in scenario records, and when it is printed.
struct Letter {
  char letter;
  Test when;
};

// A kernel constant that expressions may name (masks, protections of this architecture).
struct Constant {
  std::string_view name;
  Word value;
};

// Unused slots have an empty name.
using ConstantTable = std::array<Constant, 40>;

// An accessor that only this architecture has (mkcont, __pte_to_rste); for expressions.
struct Helper {
  std::string_view name;
  Word (*apply)(Word);
  std::string_view sentence;
};

// A list stored elsewhere with static lifetime; constexpr-friendly and trivially copyable.
template <class T>
struct StaticList {
  const T* data = nullptr;
  std::size_t size = 0;

  constexpr StaticList() = default;
  template <std::size_t N>
  constexpr StaticList(const T (&array)[N]) : data(array), size(N) {}
  constexpr const T* begin() const { return data; }
  constexpr const T* end() const { return data + size; }
};

// A name of bounded length that lives inside the layout, so that a derived layout owns its name.
struct Name {
  std::array<char, 48> text{};
  std::uint8_t length = 0;

  constexpr Name() = default;
  constexpr Name(std::string_view s) { Append(s); }
  constexpr Name& Append(std::string_view s) {
    for (const char c : s) {
      if (length < text.size()) text[length++] = c;
    }
    return *this;
  }
  constexpr std::string_view view() const { return {text.data(), length}; }
};

// Everything about one configuration.
struct Layout {
  Name name;                     // catalogue key, e.g. "arm64-16k"
  std::string_view kernel_name;  // as uname -m says
  std::string_view family;       // the architecture's file: "arm64"
  std::string_view sentence;     // what the configuration is

  Geometry geometry{};
  SwpTypes swp_types{};
  std::uint8_t max_physmem_bits = 0;
  bool uffd_minor = false;     // HAVE_ARCH_USERFAULTFD_MINOR
  bool pmd_softleaves = true;  // ARCH_HAS_PMD_SOFTLEAVES
  bool has_thp = true;         // a PMD leaf exists for THP

  FormLayout form[2];
  Test trans_huge;  // pmd_trans_huge() of a present PMD
  Test pmd_leaf;    // pmd_leaf(); true for swap PMDs on some architectures

  Pgprot page_none = 0;                     // PAGE_NONE as NUMA hints and RWP use it
  std::array<Pgprot, 16> protection_map{};  // index: read 1, write 2, exec 4, shared 8
  // s390x translates a PTE protection for a PMD by table; empty elsewhere.
  std::array<Pgprot, 5> pmd_prot_from{};
  std::array<Pgprot, 5> pmd_prot_to{};

  // hugetlb: order of each leaf size (0: not offered), how pte_mkhuge and arch_make_huge_pte shape
  // the entry, and the conversion between the table's format and what pte helpers see.
  std::array<std::uint8_t, kHugeSizes> huge_order{};
  Rewrite huge[kHugeSizes];
  Word (*hugetlb_store)(HugeSize, Word) = nullptr;
  Word (*hugetlb_load)(HugeSize, Word) = nullptr;

  // 7.3.4 has encodings that collide on two architectures; this turns such a layout into one that
  // does not. Null: nothing collides.
  void (*without_collision)(Layout&) = nullptr;

  HwModel hw[2];
  bool old_prefault = false;        // arch_wants_old_prefaulted_pte()
  bool reclaims_tables = true;      // CONFIG_PT_RECLAIM: no table freeing of its own
  bool reports_mceerr = true;       // SIGBUS for poison says BUS_MCEERR_AR, else BUS_ADRERR
  bool access_code_sticks = false;  // a retried fault that finds no VMA says SEGV_ACCERR
  bool has_hw_young = false;        // arch_has_hw_pte_young(); not announced by all who have it
  AdMode young_mode = AdMode::kHardware;
  AdMode dirty_mode = AdMode::kHardware;
  FlagsStore flags_store = FlagsStore::kWhole;
  Word flags_or[2] = {};   // bits merged by OR, per form
  Word flags_and[2] = {};  // bits merged by AND, per form

  StaticList<Field> fields[2];
  StaticList<Letter> letters[2];  // in the order of the records
  StaticList<Helper> helpers;     // this architecture's own accessors
  ConstantTable constants{};
};

}  // namespace uffdsim

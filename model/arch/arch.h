// An architecture's page-table entries: what every bit of a raw word means, and the kernel's
// accessors over them.
//
// Mirrors:   arch/*/include/asm/pgtable*.h, include/linux/pgtable.h, swapops.h, leafops.h.
// Marker:    the userfaultfd bit is a field of the word; nothing beside the word knows about it.
//
// An `Arch` is one *configuration* (x86_64-4level, arm64-16k, riscv64-sv39-noext, ...): immutable,
// built once, shared by reference. It is mostly data (masks, fields, the swap codec, the
// protection map); what masks cannot say is a hook. Accessors come in the kernel's two families:
// `Form::kPte` is pte_*() (also used for hugetlb entries of any size, after HugetlbLoad), `Form::kPmd`
// is pmd_*(). Accessors never check that they are used on the right kind of entry: using the wrong
// one must go wrong here as it does in the kernel.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/base/ids.h"

namespace uffdsim {

using Word = std::uint64_t;    // a raw page-table entry
using Pgprot = std::uint64_t;  // a raw protection (vm_page_prot)

enum class Form : std::uint8_t { kPte, kPmd };

enum class Access : std::uint8_t { kRead, kWrite, kExec };

// Which leaf size a hugetlb entry has.
enum class HugeSize : std::uint8_t { kContPte, kPmd, kContPmd, kPud };

// Generic type and offset of a non-present entry (swp_entry_t / softleaf_t).
struct SwpEntry {
  std::uint8_t type = 0;      // 0..31, see SwpTypes
  std::uint64_t offset = 0;   // slot, or pfn with A/D bits, or marker bits
  friend constexpr bool operator==(const SwpEntry&, const SwpEntry&) = default;
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

// Levels of the radix tree, from the leaf table up.
struct Geometry {
  std::uint8_t page_shift;      // log2 of the base page size in bytes
  std::uint8_t levels;          // number of table levels walked, 3..5
  std::uint8_t bits[5];         // index bits per level, [0] = PTE table
  constexpr std::uint32_t EntriesPerTable(int level) const { return 1U << bits[level]; }
  constexpr std::uint32_t PmdPages() const { return 1U << bits[0]; }
};

// The accessor set. All functions are pure: word in, word out.
class Arch {
 public:
  std::string_view name() const;         // catalogue key, e.g. "x86_64-4level"
  std::string_view kernel_name() const;  // as uname -m says: "x86_64", "arm64" (records), ...
  const Geometry& geometry() const;
  const SwpTypes& swp_types() const;

  // What the configuration offers (section "feature gating" of the layout notes).
  bool SupportsUffd() const;        // a PTE bit for userfaultfd exists at run time (WP and RWP)
  bool SupportsUffdMinor() const;
  bool SupportsSoftDirty() const;
  bool SupportsMigrationAd() const; // migration entries have room for young and dirty
  bool SupportsPmdSoftleaves() const;
  bool HasHwPoison() const;
  std::uint8_t SwpPfnBits() const;

  // vm_get_page_prot() for one of the sixteen combinations.
  Pgprot ProtectionMap(bool read, bool write, bool exec, bool shared) const;

  // --- predicates -------------------------------------------------------------------------------
  bool None(Form, Word) const;
  bool Present(Form, Word) const;    // pte_present(): includes protnone
  bool HwValid(Form, Word) const;    // the MMU would translate it
  bool Protnone(Form, Word) const;
  bool Write(Form, Word) const;
  bool Exec(Form, Word) const;
  bool Dirty(Form, Word) const;
  bool Young(Form, Word) const;
  bool Uffd(Form, Word) const;
  bool SoftDirty(Form, Word) const;
  bool Special(Form, Word) const;
  bool Leaf(Word pmd) const;         // pmd_leaf() / pmd_trans_huge(): a huge mapping
  Pfn PfnOf(Form, Word) const;

  // --- constructors and rewriters ---------------------------------------------------------------
  Word NoneWord(Form) const;
  Word Make(Form, Pfn, Pgprot) const;          // pfn_pte / pfn_pmd (+ pmd_mkhuge for kPmd)
  Word Modify(Form, Word, Pgprot) const;       // pte_modify / pmd_modify
  Word MkWrite(Form, Word) const;              // pte_mkwrite() for an ordinary VMA
  Word WrProtect(Form, Word) const;
  Word MkDirty(Form, Word) const;
  Word MkClean(Form, Word) const;
  Word MkYoung(Form, Word) const;
  Word MkOld(Form, Word) const;
  Word MkUffd(Form, Word) const;
  Word ClearUffd(Form, Word) const;
  Word MkSoftDirty(Form, Word) const;
  Word ClearSoftDirty(Form, Word) const;
  Word MkSpecial(Form, Word) const;
  Word MkHuge(Word pte) const;                 // pte_mkhuge()
  Word MkInvalid(Word pmd) const;              // pmd_mkinvalid()

  // --- non-present entries ----------------------------------------------------------------------
  Word SwpEncode(Form, SwpEntry) const;        // swp_entry_to_pte / softleaf_to_pmd
  SwpEntry SwpDecode(Form, Word) const;        // strips the flags first
  bool SwpUffd(Form, Word) const;
  Word SwpMkUffd(Form, Word) const;
  Word SwpClearUffd(Form, Word) const;
  bool SwpSoftDirty(Form, Word) const;
  Word SwpMkSoftDirty(Form, Word) const;
  Word SwpClearSoftDirty(Form, Word) const;
  bool SwpExclusive(Word pte) const;
  Word SwpMkExclusive(Word pte) const;
  Word SwpClearExclusive(Word pte) const;

  // --- hugetlb: what is stored in the table against what the pte helpers see ---------------------
  Word HugetlbStore(HugeSize, Word pte) const;
  Word HugetlbLoad(HugeSize, Word raw) const;

  // --- hardware and transactions ----------------------------------------------------------------
  HwResult HwAccess(Form, Word, Access) const;
  Word SetAccessFlags(Form, Word old_word, Word new_word) const;  // ptep_set_access_flags()
  Word ModifyProtWindow(Form, Word) const;  // what a lockless reader sees between start and commit
};

// The catalogue: every configuration, in a fixed order. Lives for the whole program.
std::span<const Arch* const> AllArchs();
const Arch* FindArch(std::string_view name);  // null when unknown

}  // namespace uffdsim

// The page table of one mm: a radix tree of raw architecture words.
//
// Mirrors: the pgd/p4d/pud/pmd/pte levels of include/linux/pgtable.h. Level 0 is the PTE table, 1
// the
//          PMD table, 2 the PUD table. An upper-level slot either points to a table or holds a leaf
//          word (THP, PMD migration, hugetlb) or is none.
// Marker:  nothing but the words knows about protection; the tree adds no state of its own.
//
// A table that has existed stays (as in the kernel: only unmapping frees it), but the storage of a
// PTE table whose entries are all none is given back, so that an evicted range costs no memory.
// Owned by: Mm. Copyable. Pointers and views are valid until the next call that creates a table.
#pragma once

#include <cstdint>
#include <vector>

#include "model/arch/arch.h"
#include "model/base/check.h"

namespace uffdsim {

class PageTable {
 public:
  explicit PageTable(const Arch& arch);

  // --- PTE level ---------------------------------------------------------------------------------
  // The PTE of `vpn`; NoneWord when there is no PTE table (a PMD leaf does not count).
  Word GetPte(Vpn vpn) const {
    const Node* node = LeafTable(vpn);
    if (node == nullptr || node->words.empty()) return none_pte_;
    return node->words[vpn.value & leaf_mask_];
  }
  // Writes the PTE of `vpn`, whose table must exist.
  void SetPte(Vpn vpn, Word word);
  bool HasPteTable(Vpn vpn) const { return LeafTable(vpn) != nullptr; }
  // Creates the tables down to the PTE table; the PMD slot must not hold a leaf.
  void EnsurePteTable(Vpn vpn);

  // --- upper levels: 1 = PMD, 2 = PUD ------------------------------------------------------------
  // The leaf word at `level` that covers `vpn`: NoneWord when empty, when it points to a table, or
  // when no table exists so far up.
  Word GetLeaf(int level, Vpn vpn) const;
  // Creates the tables above; the slot must not point to a table.
  void SetLeaf(int level, Vpn vpn, Word word);
  // Creates the tables above `level` (the table *of* that level exists afterwards).
  void EnsureTableOf(int level, Vpn vpn);
  // Whether the table of `level` that would hold vpn's entry exists.
  bool HasTableOf(int level, Vpn vpn) const { return FindNode(level, vpn) != 0; }
  Word GetPmd(Vpn vpn) const { return GetLeaf(1, vpn); }
  void SetPmd(Vpn vpn, Word word) { SetLeaf(1, vpn, word); }

  // --- whole tables ------------------------------------------------------------------------------
  // Frees the PTE table of `vpn` whatever it holds (collapse, zap of a whole PMD's table).
  void DropPteTable(Vpn vpn);
  // Frees every table that lies wholly inside [first, last) page-table-entry ranges and holds
  // nothing any more (free_pgtables() after munmap).
  void FreeEmptyTables(Vpn first, Vpn last);
  // Moves a whole PTE table or PMD leaf; the destination slot must be empty (move_pgt_entry()).
  void MovePmdSlot(Vpn from, Vpn to);

  // Pages covered by one entry at `level`, as a power of two.
  unsigned LevelShift(int level) const { return level_shift_[level]; }
  std::uint64_t PagesPerEntry(int level) const { return 1ULL << level_shift_[level]; }
  std::uint64_t PmdPages() const { return 1ULL << level_shift_[1]; }

  // Direct view of the PTE table that covers `vpn`, for loops over ranges. `words` is null when
  // every entry is none. Entries must be changed through SetPte or Commit.
  struct LeafView {
    Word* words;  // EntriesPerTable(0) of them, or null
    Vpn first;    // page of words[0]
  };
  bool FindLeafView(Vpn vpn, LeafView* view);
  // Replaces words[i] of a view by a word that is none exactly if the old one was.
  // (Loops that only change bits write through the view; see change_protection.)

  // First page at or after `vpn` and below `last` under a table of level 0 or a leaf above it;
  // `last` when there is none. Skips what has no tables in steps of whole upper entries.
  Vpn NextMapped(Vpn vpn, Vpn last) const;

  // Visits what exists, in order of address: table(level, first page) for each table, word(level,
  // page, word) for each entry that is neither none nor a table.
  template <class OnTable, class OnWord>
  void ForEach(OnTable&& table, OnWord&& word) const {
    Visit(1, Vpn(0), table, word);
  }

  std::uint64_t table_bytes() const;  // memory in use by words, for the accounting tests

 private:
  struct Node {
    std::uint8_t level = 0;
    std::uint32_t live = 0;            // entries that are not none, tables included
    std::vector<Word> words;           // empty while all are none
    std::vector<std::uint32_t> child;  // upper levels: node number, 0 = no table
  };

  const Node* LeafTable(Vpn vpn) const {
    const std::uint64_t tag = vpn.value >> level_shift_[1];
    if (tag == cached_tag_) return cached_leaf_ == 0 ? nullptr : &nodes_[cached_leaf_];
    const std::uint32_t node = FindNode(0, vpn);
    if (node == 0) return nullptr;
    cached_tag_ = tag;
    cached_leaf_ = node;
    return &nodes_[node];
  }
  std::uint32_t FindNode(int level, Vpn vpn) const;
  std::uint32_t EnsureNode(int level, Vpn vpn);
  std::uint32_t IndexAt(int level, Vpn vpn) const {
    return static_cast<std::uint32_t>(vpn.value >> level_shift_[level]) & index_mask_[level];
  }
  std::uint32_t NewNode(int level);
  void FreeNode(std::uint32_t node);
  void FillWords(Node& node);
  bool IsNone(int level, Word word) const {
    return arch_->None(level == 0 ? Form::kPte : Form::kPmd, word);
  }
  Word WordAt(const Node& node, std::uint32_t index) const {
    if (node.words.empty()) return node.level == 0 ? none_pte_ : none_pmd_;
    return node.words[index];
  }
  void SetWordAt(Node& node, std::uint32_t index, Word word);
  bool FreeEmptyBelow(std::uint32_t node, Vpn base, Vpn first, Vpn last);
  template <class OnTable, class OnWord>
  void Visit(std::uint32_t number, Vpn base, OnTable&& table, OnWord&& word) const {
    const Node& node = nodes_[number];
    const int level = node.level;
    table(level, base);
    std::uint32_t left = node.live;
    for (std::uint32_t i = 0; left != 0; ++i) {
      const Vpn at = base + (std::uint64_t{i} << level_shift_[level]);
      if (level != 0 && node.child[i] != 0) {
        Visit(node.child[i], at, table, word);
        --left;
      } else if (const Word value = WordAt(node, i); !IsNone(level, value)) {
        word(level, at, value);
        --left;
      }
    }
  }

  const Arch* arch_;
  Word none_pte_;
  Word none_pmd_;
  int top_;  // level of the root table
  unsigned level_shift_[6] = {};
  std::uint32_t index_mask_[5] = {};
  std::uint64_t leaf_mask_;
  std::vector<Node> nodes_;  // [0] unused, [1] root
  std::vector<std::uint32_t> free_nodes_;
  // Caches the last PTE table found: derived from nodes_, dropped whenever a table goes away.
  mutable std::uint64_t cached_tag_ = ~0ULL;
  mutable std::uint32_t cached_leaf_ = 0;
};

}  // namespace uffdsim

#include "model/mm/page_table.h"

#include <algorithm>

namespace uffdsim {

PageTable::PageTable(const Arch& arch)
    : arch_(&arch), none_pte_(arch.NoneWord(Form::kPte)), none_pmd_(arch.NoneWord(Form::kPmd)) {
  const Geometry& geometry = arch.geometry();
  top_ = geometry.levels - 1;
  for (int level = 0; level <= top_; ++level) {
    level_shift_[level + 1] = level_shift_[level] + geometry.bits[level];
    index_mask_[level] = geometry.EntriesPerTable(level) - 1;
  }
  leaf_mask_ = index_mask_[0];
  nodes_.resize(1);
  NewNode(top_);
}

void PageTable::FillWords(Node& node) {
  node.words.assign(arch_->geometry().EntriesPerTable(node.level),
                    node.level == 0 ? none_pte_ : none_pmd_);
}

std::uint32_t PageTable::NewNode(int level) {
  std::uint32_t number;
  if (free_nodes_.empty()) {
    number = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    number = free_nodes_.back();
    free_nodes_.pop_back();
  }
  Node& node = nodes_[number];
  node.level = static_cast<std::uint8_t>(level);
  node.live = 0;
  if (level > 0) node.child.assign(arch_->geometry().EntriesPerTable(level), 0);
  return number;
}

void PageTable::FreeNode(std::uint32_t number) {
  nodes_[number] = Node{};
  free_nodes_.push_back(number);
  cached_tag_ = ~0ULL;
}

std::uint32_t PageTable::FindNode(int level, Vpn vpn) const {
  std::uint32_t number = 1;
  for (int l = top_; l > level; --l) {
    number = nodes_[number].child[IndexAt(l, vpn)];
    if (number == 0) return 0;
  }
  return number;
}

std::uint32_t PageTable::EnsureNode(int level, Vpn vpn) {
  std::uint32_t number = 1;
  for (int l = top_; l > level; --l) {
    const std::uint32_t index = IndexAt(l, vpn);
    std::uint32_t next = nodes_[number].child[index];
    if (next == 0) {
      UFFDSIM_CHECK(IsNone(l, WordAt(nodes_[number], index)));
      next = NewNode(l - 1);
      nodes_[number].child[index] = next;
      ++nodes_[number].live;
    }
    number = next;
  }
  return number;
}

void PageTable::EnsurePteTable(Vpn vpn) { EnsureNode(0, vpn); }

void PageTable::EnsureTableOf(int level, Vpn vpn) { EnsureNode(level, vpn); }

void PageTable::SetPte(Vpn vpn, Word word) {
  Node* node = const_cast<Node*>(LeafTable(vpn));
  UFFDSIM_CHECK(node != nullptr);
  const bool none = arch_->None(Form::kPte, word);
  if (node->words.empty()) {
    if (none) return;
    FillWords(*node);
  }
  Word& slot = node->words[vpn.value & leaf_mask_];
  const bool was_none = arch_->None(Form::kPte, slot);
  slot = word;
  if (was_none && !none) ++node->live;
  if (!was_none && none && --node->live == 0) {
    node->words.clear();
    node->words.shrink_to_fit();
  }
}

Word PageTable::GetLeaf(int level, Vpn vpn) const {
  const std::uint32_t number = FindNode(level, vpn);
  if (number == 0) return none_pmd_;
  const Node& node = nodes_[number];
  const std::uint32_t index = IndexAt(level, vpn);
  return node.child[index] != 0 ? none_pmd_ : WordAt(node, index);
}

void PageTable::SetWordAt(Node& node, std::uint32_t index, Word word) {
  const bool none = IsNone(node.level, word);
  if (node.words.empty()) {
    if (none) return;
    FillWords(node);
  }
  const bool was_none = IsNone(node.level, node.words[index]);
  node.words[index] = word;
  if (was_none && !none) ++node.live;
  if (!was_none && none) --node.live;
}

void PageTable::SetLeaf(int level, Vpn vpn, Word word) {
  Node& node = nodes_[EnsureNode(level, vpn)];
  const std::uint32_t index = IndexAt(level, vpn);
  UFFDSIM_CHECK(node.child[index] == 0);
  SetWordAt(node, index, word);
}

void PageTable::DropPteTable(Vpn vpn) {
  const std::uint32_t pmd_table = FindNode(1, vpn);
  UFFDSIM_CHECK(pmd_table != 0);
  const std::uint32_t index = IndexAt(1, vpn);
  const std::uint32_t table = nodes_[pmd_table].child[index];
  UFFDSIM_CHECK(table != 0);
  nodes_[pmd_table].child[index] = 0;
  --nodes_[pmd_table].live;
  FreeNode(table);
}

bool PageTable::FreeEmptyBelow(std::uint32_t number, Vpn base, Vpn first, Vpn last) {
  // Copies of the loop state: freeing children never moves this node.
  const int level = nodes_[number].level;
  if (level > 0) {
    const std::uint64_t span = PagesPerEntry(level);
    for (std::uint32_t i = 0; i < nodes_[number].child.size(); ++i) {
      const std::uint32_t child = nodes_[number].child[i];
      const Vpn begin = base + i * span;
      if (child == 0 || begin + span <= first || begin >= last) continue;
      if (FreeEmptyBelow(child, begin, first, last)) {
        nodes_[number].child[i] = 0;
        --nodes_[number].live;
        FreeNode(child);
      }
    }
  }
  const std::uint64_t covered = PagesPerEntry(level) << (arch_->geometry().bits[level]);
  return nodes_[number].live == 0 && base >= first && base + covered <= last;
}

void PageTable::FreeEmptyTables(Vpn first, Vpn last) { FreeEmptyBelow(1, Vpn(0), first, last); }

void PageTable::MovePmdSlot(Vpn from, Vpn to) {
  const std::uint32_t source = FindNode(1, from);
  UFFDSIM_CHECK(source != 0);
  const std::uint32_t target = EnsureNode(1, to);
  const std::uint32_t from_index = IndexAt(1, from);
  const std::uint32_t to_index = IndexAt(1, to);
  UFFDSIM_CHECK(nodes_[target].child[to_index] == 0 && IsNone(1, WordAt(nodes_[target], to_index)));
  std::swap(nodes_[source].child[from_index], nodes_[target].child[to_index]);
  if (nodes_[target].child[to_index] != 0) {
    --nodes_[source].live;
    ++nodes_[target].live;
  } else {
    SetWordAt(nodes_[target], to_index, WordAt(nodes_[source], from_index));
    SetWordAt(nodes_[source], from_index, none_pmd_);
  }
  cached_tag_ = ~0ULL;
}

bool PageTable::FindLeafView(Vpn vpn, LeafView* view) {
  const Node* node = LeafTable(vpn);
  if (node == nullptr) return false;
  view->words = node->words.empty() ? nullptr : const_cast<Word*>(node->words.data());
  view->first = Vpn(vpn.value & ~leaf_mask_);
  return true;
}

Vpn PageTable::NextMapped(Vpn vpn, Vpn last) const {
  while (vpn < last) {
    std::uint32_t number = 1;
    int level = top_;
    for (; level > 0; --level) {
      const std::uint32_t index = IndexAt(level, vpn);
      const std::uint32_t next = nodes_[number].child[index];
      if (next == 0) {
        if (!IsNone(level, WordAt(nodes_[number], index))) return vpn;
        break;
      }
      number = next;
    }
    if (level == 0) return vpn;
    const std::uint64_t span = PagesPerEntry(level);
    vpn = Vpn((vpn.value | (span - 1)) + 1);
  }
  return last;
}

std::uint64_t PageTable::table_bytes() const {
  std::uint64_t bytes = 0;
  for (const Node& node : nodes_) {
    bytes += sizeof(Node) + node.words.capacity() * sizeof(Word) +
             node.child.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace uffdsim

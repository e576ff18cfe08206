// Sets of pages, by (process, page): a sorted array of blocks of 64 pages.
//
// Small machines have one or two blocks, so that a set is copied, compared and hashed in a few
// words; a guest of gigabytes has a few thousand, and a change costs a binary search.
// Owned by: the holder. Copyable. A block that became empty is dropped.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

class PageSet {
 public:
  // Pages [64 * (key mod 2^48), +64) of process key >> 48; bit n is the n-th of them.
  struct Block {
    std::uint64_t key = 0;
    std::uint64_t bits = 0;
    friend bool operator==(const Block&, const Block&) = default;
  };

  bool Contains(MmId mm, Vpn vpn) const {
    const auto it = LowerBound(KeyOf(mm, vpn.value));
    return it != blocks_.end() && it->key == KeyOf(mm, vpn.value) &&
           (it->bits >> (vpn.value % 64) & 1U) != 0;
  }
  void Insert(MmId mm, Vpn vpn) { Insert(mm, vpn, vpn + 1); }
  void Insert(MmId mm, Vpn first, Vpn last) {
    for (std::uint64_t page = first.value; page < last.value; page = (page | 63U) + 1) {
      const std::uint64_t key = KeyOf(mm, page);
      auto it = LowerBound(key);
      if (it == blocks_.end() || it->key != key) it = blocks_.insert(it, Block{.key = key});
      it->bits |= MaskOf(page, last.value);
    }
  }
  void Erase(MmId mm, Vpn first, Vpn last) {
    if (first >= last) return;
    auto it = LowerBound(KeyOf(mm, first.value));
    const auto begin = it;
    const std::uint64_t end = KeyOf(mm, last.value - 1);
    bool emptied = false;
    for (; it != blocks_.end() && it->key <= end; ++it) {
      const std::uint64_t base = (it->key & kPageMask) * 64;
      it->bits &= ~MaskOf(std::max(base, first.value), last.value);
      emptied |= it->bits == 0;
    }
    if (emptied) {
      blocks_.erase(std::remove_if(begin, it, [](const Block& b) { return b.bits == 0; }), it);
    }
  }
  // Calls visit(vpn) for the members in [first, last), in order. The set must not change meanwhile.
  template <class Visit>
  void ForEach(MmId mm, Vpn first, Vpn last, Visit&& visit) const {
    if (first >= last) return;
    const std::uint64_t end = KeyOf(mm, last.value - 1);
    for (auto it = LowerBound(KeyOf(mm, first.value)); it != blocks_.end() && it->key <= end;
         ++it) {
      const std::uint64_t base = (it->key & kPageMask) * 64;
      VisitBits(base, it->bits & MaskOf(std::max(base, first.value), last.value), visit);
    }
  }
  // Calls visit(mm, vpn) for all members, in order.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Block& block : blocks_) {
      const MmId mm(static_cast<std::uint16_t>(block.key >> kMmShift));
      VisitBits((block.key & kPageMask) * 64, block.bits, [&](Vpn vpn) { visit(mm, vpn); });
    }
  }
  std::uint64_t size() const {
    std::uint64_t pages = 0;
    for (const Block& block : blocks_) pages += static_cast<unsigned>(std::popcount(block.bits));
    return pages;
  }
  bool empty() const { return blocks_.empty(); }
  void clear() { blocks_.clear(); }
  // For digests: equal sets have equal blocks.
  const std::vector<Block>& blocks() const { return blocks_; }
  friend bool operator==(const PageSet&, const PageSet&) = default;

 private:
  static constexpr unsigned kMmShift = 48;
  static constexpr std::uint64_t kPageMask = (std::uint64_t{1} << kMmShift) - 1;

  static std::uint64_t KeyOf(MmId mm, std::uint64_t page) {
    return std::uint64_t{mm.value} << kMmShift | page / 64;
  }
  // The bits of pages [page, last) in the block of `page`.
  static std::uint64_t MaskOf(std::uint64_t page, std::uint64_t last) {
    const std::uint64_t from = ~std::uint64_t{0} << (page % 64);
    const std::uint64_t block_end = (page | 63U) + 1;
    if (last >= block_end) return from;
    return last <= page ? 0 : from & ((std::uint64_t{1} << (last % 64)) - 1);
  }
  template <class Visit>
  static void VisitBits(std::uint64_t base, std::uint64_t bits, Visit&& visit) {
    for (; bits != 0; bits &= bits - 1) {
      visit(Vpn(base + static_cast<unsigned>(std::countr_zero(bits))));
    }
  }
  std::vector<Block>::const_iterator LowerBound(std::uint64_t key) const {
    return std::lower_bound(blocks_.begin(), blocks_.end(), key,
                            [](const Block& b, std::uint64_t k) { return b.key < k; });
  }
  std::vector<Block>::iterator LowerBound(std::uint64_t key) {
    return std::lower_bound(blocks_.begin(), blocks_.end(), key,
                            [](const Block& b, std::uint64_t k) { return b.key < k; });
  }

  std::vector<Block> blocks_;
};

// A number for each of a few pages (or other things): a sorted array of pairs.
template <class T>
class FlatMap {
 public:
  struct Item {
    std::uint64_t key;
    T value;
    friend bool operator==(const Item&, const Item&) = default;
  };
  static std::uint64_t KeyOf(MmId mm, Vpn vpn) { return std::uint64_t{mm.value} << 48 | vpn.value; }

  const T* Find(std::uint64_t key) const {
    const auto it = LowerBound(key);
    return it != items_.end() && it->key == key ? &it->value : nullptr;
  }
  void Set(std::uint64_t key, T value) {
    const auto it = LowerBound(key);
    if (it != items_.end() && it->key == key) {
      it->value = value;
    } else {
      items_.insert(it, Item{key, value});
    }
  }
  void Erase(std::uint64_t first, std::uint64_t last) {
    items_.erase(LowerBound(first), LowerBound(last));
  }
  bool empty() const { return items_.empty(); }
  const std::vector<Item>& items() const { return items_; }
  friend bool operator==(const FlatMap&, const FlatMap&) = default;

 private:
  typename std::vector<Item>::const_iterator LowerBound(std::uint64_t key) const {
    return std::lower_bound(items_.begin(), items_.end(), key,
                            [](const Item& i, std::uint64_t k) { return i.key < k; });
  }
  typename std::vector<Item>::iterator LowerBound(std::uint64_t key) {
    return std::lower_bound(items_.begin(), items_.end(), key,
                            [](const Item& i, std::uint64_t k) { return i.key < k; });
  }
  std::vector<Item> items_;
};

}  // namespace uffdsim

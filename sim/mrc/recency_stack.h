// LRU stack distances: how many other pages were touched since a page was touched last.
//
// Mirrors: Mattson et al. (1970); Bennett and Kruskal (1975) for the tree over times. Each page
//          holds one slot of a bit vector, the later the more recent; the distance is the number of
//          bits set after it. A Fenwick tree counts the bits of blocks of 512 (one cache line), so
//          it is 512 times smaller than one over slots and stays in the cache. When the slots run
//          out, pages move together in order, which costs one pass over them per as many touches.
// Owned by: a value. Errors: none. Units: pages; at most 2^31 live pages.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace uffdsim {

class RecencyStack {
 public:
  static constexpr std::uint64_t kCold = ~std::uint64_t{0};

  // Distinct other pages touched since the last touch of `page`, or kCold. `page` is on top then.
  std::uint64_t Touch(std::uint32_t page) {
    if (page >= slot_of_.size()) Grow(page);
    if (next_ == slots_) MakeRoom();
    const std::uint32_t old = slot_of_[page];
    std::uint64_t distance = kCold;
    if (old != kNone) {
      distance = live_ - Rank(old);
      Clear(old);
    } else {
      ++live_;
    }
    Push(page);
    return distance;
  }

  // Ask for the memory that a touch soon to come will read: first the page's slot, then its block.
  void PrefetchSlot(std::uint32_t page) const {
    if (page < slot_of_.size()) __builtin_prefetch(&slot_of_[page]);
  }
  void PrefetchBlock(std::uint32_t page) const {
    if (page >= slot_of_.size() || slot_of_[page] == kNone) return;
    __builtin_prefetch(&words_[slot_of_[page] / kBlockBits * kBlockWords]);
  }

  // The page is forgotten; nothing happens when it is not known.
  void Remove(std::uint32_t page) {
    if (page >= slot_of_.size() || slot_of_[page] == kNone) return;
    Clear(slot_of_[page]);
    slot_of_[page] = kNone;
    --live_;
  }

  std::uint64_t live_pages() const { return live_; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint32_t kWordBits = 64;
  static constexpr std::uint32_t kBlockWords = 8;
  static constexpr std::uint32_t kBlockBits = kBlockWords * kWordBits;

  // Live pages at or below the slot.
  std::uint64_t Rank(std::uint32_t slot) const {
    const std::uint32_t block = slot / kBlockBits;
    std::uint64_t rank = 0;
    for (std::uint32_t i = block; i > 0; i &= i - 1) rank += tree_[i];
    const std::uint32_t word = slot / kWordBits;
    for (std::uint32_t i = block * kBlockWords; i < word; ++i) {
      rank += static_cast<std::uint64_t>(std::popcount(words_[i]));
    }
    const std::uint64_t up_to = ~std::uint64_t{0} >> (kWordBits - 1 - slot % kWordBits);
    return rank + static_cast<std::uint64_t>(std::popcount(words_[word] & up_to));
  }

  void Clear(std::uint32_t slot) {
    words_[slot / kWordBits] &= ~(std::uint64_t{1} << (slot % kWordBits));
    // The block that is being filled enters the tree when it is full.
    const std::uint32_t counted = next_ / kBlockBits;
    for (std::uint32_t i = slot / kBlockBits + 1; i <= counted; i += i & (0 - i)) --tree_[i];
  }

  void Push(std::uint32_t page) {
    slot_of_[page] = next_;
    words_[next_ / kWordBits] |= std::uint64_t{1} << (next_ % kWordBits);
    if (++next_ % kBlockBits == 0) CountBlock(next_ / kBlockBits - 1);
  }

  // Appends the block to the tree, whose lower blocks are counted already.
  void CountBlock(std::uint32_t block) {
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < kBlockWords; ++i) {
      sum += static_cast<std::uint32_t>(std::popcount(words_[block * kBlockWords + i]));
    }
    const std::uint32_t node = block + 1;
    for (std::uint32_t step = 1; step < (node & (0 - node)); step *= 2) sum += tree_[node - step];
    tree_[node] = sum;
  }

  void Grow(std::uint32_t page);
  void MakeRoom();

  std::vector<std::uint32_t> slot_of_;  // by page
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> tree_;  // by block + 1
  std::uint32_t slots_ = 0;
  std::uint32_t next_ = 0;
  std::uint64_t live_ = 0;
};

}  // namespace uffdsim

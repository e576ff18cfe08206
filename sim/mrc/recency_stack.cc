#include "sim/mrc/recency_stack.h"

#include "model/base/check.h"

namespace uffdsim {

void RecencyStack::Grow(std::uint32_t page) {
  const std::size_t wanted = std::size_t{page} + 1;
  slot_of_.resize(std::max(wanted, slot_of_.size() + slot_of_.size() / 2), kNone);
}

// Pages move to the bottom, in order: a page's new slot is the number of pages below it.
void RecencyStack::MakeRoom() {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 16;
  std::vector<std::uint32_t> below(words_.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    below[i] = count;
    count += static_cast<std::uint32_t>(std::popcount(words_[i]));
  }
  UFFDSIM_CHECK(count == live_);
  for (std::uint32_t& slot : slot_of_) {
    if (slot == kNone) continue;
    const std::uint64_t lower = (std::uint64_t{1} << (slot % kWordBits)) - 1;
    slot = below[slot / kWordBits] +
           static_cast<std::uint32_t>(std::popcount(words_[slot / kWordBits] & lower));
  }
  // Rarely enough to pay for the pass over all pages.
  const std::uint64_t wanted = std::max({kLeast, 3 * live_, std::uint64_t{slot_of_.size()} / 2});
  UFFDSIM_CHECK(wanted < kNone);
  slots_ = static_cast<std::uint32_t>((wanted + kBlockBits - 1) / kBlockBits) * kBlockBits;
  words_.assign(slots_ / kWordBits, 0);
  tree_.assign(slots_ / kBlockBits + 1, 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    words_[i / kWordBits] |= std::uint64_t{1} << (i % kWordBits);
  }
  next_ = count;
  for (std::uint32_t block = 0; block < next_ / kBlockBits; ++block) CountBlock(block);
}

}  // namespace uffdsim

// How often pages were referenced lately, roughly, in 16 four-bit counters per frame.
//
// Mirrors: the count-min sketch of TinyLFU (Einziger, Friedman and Manes, 2017): a page has one
// counter in each of four rows and its estimate is the smallest; after ten references per frame all
// counters are halved, so that the past fades.
// Owned by: one policy core. Errors: none. Counts saturate at 15.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class FrequencySketch {
 public:
  FrequencySketch(std::uint64_t frames, std::uint64_t references_per_frame)
      : words_(std::bit_ceil(std::max<std::uint64_t>(frames, 8))),
        halve_after_(std::max<std::uint64_t>(1, frames * references_per_frame)) {}

  void Prefetch(PageId page) const { __builtin_prefetch(words_.data() + Block(Hash(page)), 1); }

  void Add(PageId page) {
    const std::uint64_t hash = Hash(page);
    bool added = false;
    for (unsigned row = 0; row < kRows; ++row) {
      std::uint64_t& word = words_[WordOf(hash, row)];
      const unsigned shift = ShiftOf(hash, row);
      if (((word >> shift) & kMost) == kMost) continue;
      word += std::uint64_t{1} << shift;
      added = true;
    }
    if (added && ++additions_ == halve_after_) Halve();
  }

  unsigned Estimate(PageId page) const {
    const std::uint64_t hash = Hash(page);
    std::uint64_t least = kMost;
    for (unsigned row = 0; row < kRows; ++row) {
      least = std::min(least, (words_[WordOf(hash, row)] >> ShiftOf(hash, row)) & kMost);
    }
    return static_cast<unsigned>(least);
  }

  std::uint64_t Bytes() const { return words_.size() * sizeof(std::uint64_t); }

 private:
  static constexpr unsigned kRows = 4;
  static constexpr std::uint64_t kMost = 15;
  static constexpr std::uint64_t kBlockWords = 8;  // one cache line holds all rows of a page

  // Stafford's mix 13: every bit of the page number moves every bit of the hash.
  static std::uint64_t Hash(PageId page) {
    std::uint64_t z = page + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  // The high half picks a cache line; row r uses words 2r and 2r + 1 of it and 5 bits of the low
  // half.
  std::uint64_t Block(std::uint64_t hash) const {
    return (hash >> 32 & (words_.size() / kBlockWords - 1)) * kBlockWords;
  }
  std::uint64_t WordOf(std::uint64_t hash, unsigned row) const {
    return Block(hash) + 2 * row + (hash >> (5 * row) & 1);
  }
  static unsigned ShiftOf(std::uint64_t hash, unsigned row) {
    return static_cast<unsigned>(hash >> (5 * row + 1) & 15) * 4;
  }

  void Halve() {
    for (std::uint64_t& word : words_) word = word >> 1 & 0x7777777777777777ULL;
    additions_ /= 2;
  }

  std::vector<std::uint64_t> words_;
  std::uint64_t halve_after_;
  std::uint64_t additions_ = 0;
};

}  // namespace uffdsim

// A set of pages of guest memory: which are there, which are not armed, which were read ahead.
//
// Owned by: a value. Memory: 1 bit per page of guest memory. Units: pages.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class PageBits {
 public:
  explicit PageBits(std::uint32_t pages) : words_(pages / kBits + 1) {}

  void Add(PageId page) { words_[page / kBits] |= std::uint64_t{1} << (page % kBits); }
  bool Has(PageId page) const { return (words_[page / kBits] >> (page % kBits) & 1) != 0; }
  void Remove(PageRange range) {
    const std::uint64_t last = std::uint64_t{range.first} + range.count;
    for (std::uint64_t page = range.first; page < last;) {
      if (page % kBits == 0 && page + kBits <= last) {
        words_[page / kBits] = 0;
        page += kBits;
      } else {
        words_[page / kBits] &= ~(std::uint64_t{1} << (page % kBits));
        ++page;
      }
    }
  }

  // Appends all of them, ascending, neighbours as one range.
  void List(std::vector<PageRange>* ranges) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        const auto page =
            static_cast<PageId>(i * kBits + static_cast<unsigned>(std::countr_zero(word)));
        if (!ranges->empty() && ranges->back().first + ranges->back().count == page) {
          ++ranges->back().count;
        } else {
          ranges->push_back({page, 1});
        }
      }
    }
  }

 private:
  static constexpr unsigned kBits = 64;
  std::vector<std::uint64_t> words_;
};

}  // namespace uffdsim

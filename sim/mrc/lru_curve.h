// The miss-ratio curve of LRU in one pass, and its bounds where the order inside epochs is unknown.
//
// Mirrors: Mattson et al., Evaluation techniques for storage hierarchies (1970): LRU of C pages
//          misses exactly where the stack distance is C or more, so one pass gives every C.
// Rules:   a DistanceHistogram holds how many references had each distance (distinct other pages
//          touched since the page's last reference); first references are cold and always miss.
//          EpochBounds: between two epochs that touch a page, every page of the epochs in between
//          was touched (the least distance); at most those of the two epochs themselves besides
//          (the greatest). Touches of a page again inside an epoch hit in any memory of at least
//          the epoch's pages, so for such sizes the guest's own LRU misses, whatever the order
//          was, lie between the two curves.
// Owned by: values. Errors: none. Units: pages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/mrc/references.h"

namespace uffdsim {

class DistanceHistogram {
 public:
  void Add(std::uint64_t distance) {
    if (distance >= counts_.size()) counts_.resize(distance + distance / 2 + 1);
    ++counts_[distance];
  }
  void AddCold() { ++cold_; }

  // Misses of LRU at each of the sizes (pages, any order).
  std::vector<std::uint64_t> MissesAt(std::span<const std::uint64_t> sizes) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t cold_ = 0;
};

// Exact for the order in which the references come.
DistanceHistogram LruDistances(std::span<const PageId> pages);

struct LruBounds {
  DistanceHistogram least;
  DistanceHistogram greatest;
  std::uint64_t valid_from_pages = 0;  // pages of the largest epoch
};

// For a trace of epochs; `references` must have some.
LruBounds EpochBounds(const ReferenceString& references);

}  // namespace uffdsim

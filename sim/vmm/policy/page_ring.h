// A queue of pages in a ring buffer: 4 bytes per queued page, none for the others.
//
// Rules: PushBack() grows the ring by doubling; nothing shrinks it. Index 0 is the front (oldest).
// Owned by: one policy core. Errors: PopFront() of an empty ring is a caller's bug.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class PageRing {
 public:
  PageRing() : slots_(kFirstSize) {}

  std::uint64_t size() const { return size_; }
  PageId operator[](std::uint64_t i) const { return slots_[(head_ + i) & (slots_.size() - 1)]; }

  void PushBack(PageId page) {
    if (size_ == slots_.size()) Grow();
    slots_[(head_ + size_) & (slots_.size() - 1)] = page;
    ++size_;
  }

  PageId PopFront() {
    const PageId page = slots_[head_];
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    return page;
  }

  std::uint64_t Bytes() const { return slots_.size() * sizeof(PageId); }

 private:
  static constexpr std::size_t kFirstSize = 64;  // a power of two, as every size after it

  void Grow() {
    std::vector<PageId> larger(slots_.size() * 2);
    for (std::uint64_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
    slots_ = std::move(larger);
    head_ = 0;
  }

  std::vector<PageId> slots_;
  std::uint64_t head_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace uffdsim

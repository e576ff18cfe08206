// A priority queue of pages that knows where each one is: the smallest key is on top.
//
// Mirrors: a binary heap with an index, so that a key can change and a page can leave in O(log n).
// Rules: keys are totally ordered; what is equal comes out in an order that depends on the history,
//   so a policy puts its tie-break into the key.
// Owned by: one policy core. Errors: popping an empty heap, or updating an absent page, is a bug.
// Units: 4 bytes per page, the key and 4 bytes per page in the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

template <class Key>
class PageHeap {
 public:
  explicit PageHeap(std::uint32_t page_count) : place_(page_count) {}

  bool Contains(PageId page) const { return place_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(place_.data() + page, 1); }
  bool Empty() const { return heap_.empty(); }
  PageId Top() const { return heap_[0].page; }
  const Key& TopKey() const { return heap_[0].key; }
  const Key& KeyOf(PageId page) const { return heap_[place_[page] - 1].key; }

  void Push(PageId page, const Key& key) {
    heap_.push_back({key, page});
    Raise(heap_.size() - 1, {key, page});
  }

  PageId Pop() {
    const PageId page = heap_[0].page;
    Remove(page);
    return page;
  }

  void Remove(PageId page) {
    const std::size_t hole = place_[page] - 1;
    place_[page] = 0;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole < heap_.size()) Settle(hole, last);
  }

  void Update(PageId page, const Key& key) { Settle(place_[page] - 1, {key, page}); }

  std::uint64_t Bytes() const {
    return place_.size() * sizeof(std::uint32_t) + heap_.capacity() * sizeof(Entry);
  }

 private:
  struct Entry {
    Key key;
    PageId page;
  };

  void Put(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    place_[entry.page] = static_cast<std::uint32_t>(at + 1);
  }

  // Puts the entry where it belongs, starting from a hole.
  void Settle(std::size_t hole, const Entry& entry) {
    if (hole > 0 && entry.key < heap_[(hole - 1) / 2].key) {
      Raise(hole, entry);
    } else {
      Sink(hole, entry);
    }
  }

  void Raise(std::size_t hole, const Entry& entry) {
    while (hole > 0 && entry.key < heap_[(hole - 1) / 2].key) {
      Put(hole, heap_[(hole - 1) / 2]);
      hole = (hole - 1) / 2;
    }
    Put(hole, entry);
  }

  void Sink(std::size_t hole, const Entry& entry) {
    for (;;) {
      std::size_t child = 2 * hole + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1].key < heap_[child].key) ++child;
      if (!(heap_[child].key < entry.key)) break;
      Put(hole, heap_[child]);
      hole = child;
    }
    Put(hole, entry);
  }

  LazyArray<std::uint32_t> place_;  // index in heap_ plus one, or 0
  std::vector<Entry> heap_;
};

}  // namespace uffdsim

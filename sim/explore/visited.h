// The states that an exhaustive exploration has seen: one record each, numbered in the order in
// which they were found, and an open-addressing index of record numbers by digest.
//
// A state is not stored: it is what the letters from the root lead to. 24 bytes of record and 5 to
// 11 of index per state. Records sit in blocks, so that growing never copies them.
// Owned by: the explorer. Look-ups may run in parallel while nobody inserts. Most: 2^32 - 2 states.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/machine/digest.h"

namespace uffdsim {

class Visited {
 public:
  struct Record {
    Digest digest;
    std::uint32_t parent = 0;  // record number; the root is its own
    std::uint16_t letter = 0;  // that leads here from the parent
    std::uint16_t unused = 0;
  };
  static_assert(sizeof(Record) == 24);

  Visited();

  std::uint32_t size() const { return size_; }
  const Record& operator[](std::uint32_t number) const {
    return blocks_[number / kBlock][number % kBlock];
  }
  bool Contains(const Digest& digest) const { return index_[Find(digest)] != 0; }
  // False when the state is known already.
  bool Insert(const Record& record);
  // Memory in use.
  std::uint64_t bytes() const;

 private:
  static constexpr std::uint32_t kBlock = 1U << 14;

  // The place of the digest in the index: of its record, or the empty place where it belongs.
  std::size_t Find(const Digest& digest) const;
  void Grow();

  std::vector<std::unique_ptr<Record[]>> blocks_;
  std::vector<std::uint32_t> index_;  // record number + 1; 0: empty
  std::uint32_t size_ = 0;
};

}  // namespace uffdsim

#include "sim/explore/visited.h"

#include "model/base/check.h"

namespace uffdsim {
namespace {

constexpr std::size_t kFirstIndex = 1U << 12;

}  // namespace

Visited::Visited() : index_(kFirstIndex) {}

std::size_t Visited::Find(const Digest& digest) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = digest.low & mask;
  while (index_[at] != 0 && (*this)[index_[at] - 1].digest != digest) at = (at + 1) & mask;
  return at;
}

void Visited::Grow() {
  index_ = std::vector<std::uint32_t>(index_.size() * 2);
  for (std::uint32_t i = 0; i < size_; ++i) index_[Find((*this)[i].digest)] = i + 1;
}

bool Visited::Insert(const Record& record) {
  std::size_t at = Find(record.digest);
  if (index_[at] != 0) return false;
  // At most three quarters full.
  if ((std::size_t{size_} + 1) * 4 > index_.size() * 3) {
    Grow();
    at = Find(record.digest);
  }
  UFFDSIM_CHECK(size_ < UINT32_MAX - 1);
  if (size_ % kBlock == 0) blocks_.push_back(std::make_unique<Record[]>(kBlock));
  blocks_[size_ / kBlock][size_ % kBlock] = record;
  index_[at] = ++size_;
  return true;
}

std::uint64_t Visited::bytes() const {
  return blocks_.size() * kBlock * sizeof(Record) + index_.size() * sizeof(index_[0]) +
         blocks_.capacity() * sizeof(blocks_[0]);
}

}  // namespace uffdsim

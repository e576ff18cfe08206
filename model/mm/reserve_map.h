// A set of huge-page indexes: the reservation map of a hugetlb file or of a private mapping.
//
// Mirrors: struct resv_map and its regions, mm/hugetlb.c. The two kinds mean opposite things: an
//          entry of a file's map is a page that is reserved or in the cache already, an entry of a
//          private mapping's map is a reservation that was used up.
// Owned by: File, World::reserve_maps. Units: huge pages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace uffdsim {

class ReserveMap {
 public:
  bool Has(std::uint64_t index) const {
    return std::binary_search(entries_.begin(), entries_.end(), index);
  }
  void Add(std::uint64_t index) {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), index);
    if (at == entries_.end() || *at != index) entries_.insert(at, index);
  }
  // Entries in [first, last).
  std::uint64_t Count(std::uint64_t first, std::uint64_t last) const {
    return static_cast<std::uint64_t>(At(last) - At(first));
  }
  // Drops the entries in [first, last) and says how many there were.
  std::uint64_t Remove(std::uint64_t first, std::uint64_t last) {
    const std::uint64_t count = Count(first, last);
    entries_.erase(At(first), At(last));
    return count;
  }
  void Clear() { entries_.clear(); }
  const std::vector<std::uint64_t>& entries() const { return entries_; }

 private:
  std::vector<std::uint64_t>::const_iterator At(std::uint64_t index) const {
    return std::lower_bound(entries_.begin(), entries_.end(), index);
  }

  std::vector<std::uint64_t> entries_;  // ascending
};

}  // namespace uffdsim

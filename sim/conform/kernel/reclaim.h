// Whether this kernel has been looking for memory to reclaim: by itself, for lack of free or of
// contiguous memory. It then clears young bits as it likes.
//
// Mirrors: mm/vmscan.c (balance_pgdat, try_to_free_pages, lru_gen aging), counted in /proc/vmstat.
// Owned by: the caller. A kernel that counts none of it never seems to reclaim.
#pragma once

#include <cstdint>

namespace uffdsim {

class ReclaimWatch {
 public:
  ReclaimWatch() : before_(Count()) {}
  // Since this was made.
  bool Seen() const { return Count() != before_; }

 private:
  static std::uint64_t Count();

  std::uint64_t before_;
};

}  // namespace uffdsim

// The translation cache of one CPU: entries that may outlive the page table they came from.
//
// It forgets nothing by itself: of all caches that hardware may have, the one that shows most.
// Mirrors: the obligations of mm/mmu_gather.c and arch/*/mm/tlb.c. A stale entry is a state; using
// it
//          after the point where the kernel owed a flush is a violation that the referee reports.
// Owned by: World::tlbs. Small: explorers copy and hash it. Entries are in order of process and
// page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/arch/arch.h"
#include "model/base/ids.h"

namespace uffdsim {

class Tlb {
 public:
  struct Entry {
    MmId mm{};
    Vpn vpn{};
    Pfn pfn{};
    bool writable = false;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  const Entry* Find(MmId mm, Vpn vpn) const {
    for (const Entry& e : entries_) {
      if (e.mm == mm && e.vpn == vpn) return &e;
    }
    return nullptr;
  }
  void Fill(const Entry& entry) {
    Flush(entry.mm, entry.vpn, entry.vpn + 1);
    const auto behind = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
      return e.mm > entry.mm || (e.mm == entry.mm && e.vpn > entry.vpn);
    });
    entries_.insert(behind, entry);
  }
  void Flush(MmId mm, Vpn first, Vpn last) {
    std::erase_if(entries_,
                  [&](const Entry& e) { return e.mm == mm && first <= e.vpn && e.vpn < last; });
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace uffdsim

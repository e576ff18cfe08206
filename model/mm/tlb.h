// The translation cache of one CPU: entries that may outlive the page table they came from.
//
// Mirrors: the obligations of mm/mmu_gather.c and arch/*/mm/tlb.c. A stale entry is a state; using
// it
//          after the point where the kernel owed a flush is a violation that the referee reports.
// Owned by: World::tlbs, one per CPU. Small: explorers copy and hash it.
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
    entries_.push_back(entry);
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

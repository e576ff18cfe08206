// What the same-page merging daemon remembers between scans.
//
// Mirrors: struct ksm_scan, ksm_mm_slot, ksm_rmap_item, ksm_stable_node of mm/ksm.c.
// Owned by: World::ksm.
#pragma once

#include <cstdint>
#include <vector>

#include "model/mm/page.h"

namespace uffdsim {

struct KsmState {
  // One page that was ever scanned.
  struct Item {
    Vpn vpn{};
    Content checksum = 0;  // at the last scan
    bool has_checksum = false;
    std::uint8_t age = 0;    // scans without a merge (smart scan)
    std::uint8_t skips = 0;  // scans it still sits out
    Pfn stable{};            // its entry maps this stable page; 0: none
    friend bool operator==(const Item&, const Item&) = default;
  };
  // One process on the scan list.
  struct Slot {
    MmId mm{};
    std::vector<Item> items;  // by address
    friend bool operator==(const Slot&, const Slot&) = default;
  };
  // A page of the unstable tree; lives for one scan.
  struct Candidate {
    Content content = 0;
    MmId mm{};
    Vpn vpn{};
    friend bool operator==(const Candidate&, const Candidate&) = default;
  };

  std::vector<Slot> slots;          // in scan order
  std::vector<Candidate> unstable;  // in order of insertion
  std::vector<Pfn> stable;          // frames of the stable tree, the oldest first

  friend bool operator==(const KsmState&, const KsmState&) = default;
};

}  // namespace uffdsim

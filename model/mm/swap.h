// The swap device: slots with a content and a count of the entries that refer to them.
//
// Mirrors: mm/swapfile.c, mm/swap_state.c. Slot 0 is never handed out (the header page).
// Owned by: World::swap.
#pragma once

#include <cstdint>
#include <vector>

#include "model/mm/page.h"

namespace uffdsim {

class SwapDevice {
 public:
  struct Slot {
    Content content = 0;
    std::uint32_t count = 0;  // swap entries (PTEs, shmem slots) that name it
    Pfn cache{};              // frame in the swap cache, 0: none
    bool written = false;     // content is valid on the device
    bool bad = false;         // reading it back always fails
  };

  bool on() const { return on_; }
  void SwitchOn(std::uint64_t pages);
  void SwitchOff();  // every slot must be free

  // A free slot, or slot 0 when the device is off or full. `count` consecutive, aligned ones for a
  // large folio.
  SwapSlot Alloc(std::uint32_t count);
  // A number beyond the last slot, which only an entry that a defective kernel garbled can name,
  // leads to a slot of no meaning.
  Slot& operator[](SwapSlot slot) { return Known(slot) ? slots_[slot.value] : nowhere_; }
  const Slot& operator[](SwapSlot slot) const {
    return Known(slot) ? slots_[slot.value] : nowhere_;
  }
  void Duplicate(SwapSlot slot) { ++(*this)[slot].count; }
  // Drops one reference. The slot is free once nothing refers to it and no cache page has it.
  void Put(SwapSlot slot);
  void DetachCache(SwapSlot slot);

  std::uint32_t size() const { return static_cast<std::uint32_t>(slots_.size()); }
  std::uint64_t used() const { return used_; }

 private:
  void FreeIfUnused(SwapSlot slot);
  bool Known(SwapSlot slot) const { return slot.value < slots_.size(); }

  bool on_ = false;
  std::uint32_t limit_ = 0;
  std::vector<Slot> slots_;  // grows on demand up to limit_
  Slot nowhere_;
  std::vector<std::uint8_t> in_use_;
  std::vector<SwapSlot> free_;
  std::uint64_t used_ = 0;
};

}  // namespace uffdsim

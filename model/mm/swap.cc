#include "model/mm/swap.h"

#include "model/base/check.h"

namespace uffdsim {

void SwapDevice::SwitchOn(std::uint64_t pages) {
  UFFDSIM_CHECK(!on_);
  on_ = true;
  limit_ = static_cast<std::uint32_t>(pages);
  if (slots_.empty()) {
    slots_.resize(1);
    in_use_.resize(1);
  }
}

void SwapDevice::SwitchOff() {
  UFFDSIM_CHECK(on_ && used_ == 0);
  on_ = false;
  slots_.clear();
  in_use_.clear();
  free_.clear();
}

SwapSlot SwapDevice::Alloc(std::uint32_t count) {
  if (!on_) return SwapSlot(0);
  SwapSlot slot;
  if (count == 1 && !free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    while (slots_.size() % count != 0) {
      free_.push_back(SwapSlot(size()));
      slots_.emplace_back();
      in_use_.push_back(0);
    }
    if (slots_.size() + count > limit_) return SwapSlot(0);
    slot = SwapSlot(size());
    slots_.resize(slots_.size() + count);
    in_use_.resize(slots_.size());
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    slots_[slot.value + i] = Slot{};
    in_use_[slot.value + i] = 1;
  }
  used_ += count;
  return slot;
}

void SwapDevice::FreeIfUnused(SwapSlot slot) {
  if (!Known(slot)) return;
  Slot& s = slots_[slot.value];
  if (s.count != 0 || s.cache != Pfn(0) || in_use_[slot.value] == 0) return;
  s = Slot{};
  in_use_[slot.value] = 0;
  free_.push_back(slot);
  --used_;
}

void SwapDevice::Put(SwapSlot slot) {
  UFFDSIM_CHECK((*this)[slot].count > 0);
  --(*this)[slot].count;
  FreeIfUnused(slot);
}

void SwapDevice::DetachCache(SwapSlot slot) {
  (*this)[slot].cache = Pfn(0);
  FreeIfUnused(slot);
}

}  // namespace uffdsim

#include "sim/replay/reclaim.h"

#include <algorithm>

namespace uffdsim {

void HostReclaim::Run(LinuxHost& host) {
  constexpr std::uint64_t kMillion = 1'000'000;
  owed_ += rate_ * (kPeriodNs / 1000);
  std::uint64_t pages = owed_ / kMillion;
  owed_ %= kMillion;
  pages = std::min<std::uint64_t>(pages, host.guest_pages());
  while (pages > 0) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(pages, host.guest_pages() - at_));
    host.Age({at_, count});
    pages -= count;
    at_ = at_ + count == host.guest_pages() ? 0 : at_ + count;
  }
  next_ns_ += kPeriodNs;
}

}  // namespace uffdsim

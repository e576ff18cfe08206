// CLOCK: FIFO that gives a page found referenced another turn.
//
// Mirrors: Corbato, "A paging experiment with the Multics system" (1968); the n-bit form is GCLOCK.
// Replacing the victim in place and moving the hand on is the same as taking the page from the
// front of a queue and putting survivors at its back: that is how it is written here.
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"
#include "sim/vmm/policy/resident_queue.h"

namespace uffdsim {
namespace {

class ClockCore : public PolicyCoreDefaults {
 public:
  explicit ClockCore(const PolicySetting& setting)
      : queue_(setting.page_count),
        most_(static_cast<std::uint8_t>((1u << static_cast<unsigned>(setting.parameters[0])) - 1)),
        initial_(std::min(most_, static_cast<std::uint8_t>(setting.parameters[1]))) {}

  bool Resident(PageId page) const { return queue_.Resident(page); }
  void Prefetch(PageId page) const { queue_.Prefetch(page); }

  void Hit(PageId page) {
    const std::uint8_t uses = queue_.Uses(page);
    if (uses < most_) queue_.SetUses(page, static_cast<std::uint8_t>(uses + 1));
  }

  void Insert(PageId page) {
    queue_.Push(page);
    queue_.SetUses(page, initial_);
  }

  PageId Evict(PageId) {
    for (;;) {
      const PageId page = queue_.Pop();
      const std::uint8_t uses = queue_.Uses(page);
      if (uses == 0) {
        queue_.Drop(page);
        return page;
      }
      queue_.SetUses(page, static_cast<std::uint8_t>(uses - 1));
      queue_.Requeue(page);
    }
  }

  void Remove(PageId page) { queue_.Remove(page); }
  std::uint64_t Bytes() const { return queue_.Bytes(); }

 private:
  ResidentQueue queue_;
  std::uint8_t most_;
  std::uint8_t initial_;
};

}  // namespace

std::unique_ptr<Policy> MakeClockPolicy(const PolicySetting& setting) {
  return MakePolicyOf<ClockCore>(setting);
}

}  // namespace uffdsim

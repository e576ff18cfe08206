// FIFO: evict in the order of loading.
//
// Mirrors: Belady, "A study of replacement algorithms for a virtual-storage computer" (1966); what
// UMap and FluidMem run, as faults are all they see.
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"
#include "sim/vmm/policy/resident_queue.h"

namespace uffdsim {
namespace {

class FifoCore : public PolicyCoreDefaults {
 public:
  explicit FifoCore(const PolicySetting& setting) : queue_(setting.page_count) {}

  bool Resident(PageId page) const { return queue_.Resident(page); }
  void Prefetch(PageId page) const { queue_.Prefetch(page); }
  void Hit(PageId) {}
  void Insert(PageId page) { queue_.Push(page); }
  PageId Evict(PageId) {
    const PageId victim = queue_.Pop();
    queue_.Drop(victim);
    return victim;
  }
  void Remove(PageId page) { queue_.Remove(page); }
  std::uint64_t Bytes() const { return queue_.Bytes(); }

 private:
  ResidentQueue queue_;
};

}  // namespace

std::unique_ptr<Policy> MakeFifoPolicy(const PolicySetting& setting) {
  return MakePolicyOf<FifoCore>(setting);
}

}  // namespace uffdsim

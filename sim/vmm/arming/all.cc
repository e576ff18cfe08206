// Everything, each interval.
//
// Mirrors: the RWP workflow of the kernel's guide. One walk over all of memory, whatever was
// touched.
#include <memory>

#include "sim/vmm/arming/registry.h"

namespace uffdsim {
namespace {

class AllArming final : public ArmingStrategy {
 public:
  explicit AllArming(const ArmingSetting& setting) : pages_(setting.pages) {}

  void Plan(const ArmingReport&, std::vector<PageRange>* arm) override {
    arm->push_back({0, pages_});
  }

 private:
  std::uint32_t pages_;
};

}  // namespace

std::unique_ptr<ArmingStrategy> MakeAllArming(const ArmingSetting& setting) {
  return std::make_unique<AllArming>(setting);
}

}  // namespace uffdsim

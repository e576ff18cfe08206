// A working set that moves: nine of ten accesses go to one eighth of memory, which changes four
// times.
#include <algorithm>

#include "model/base/rng.h"
#include "workloads/workload.h"

namespace uffdsim {
namespace {

class PhaseWorkload final : public Workload {
 public:
  explicit PhaseWorkload(const WorkloadSetting& setting)
      : rng_(setting.seed), pages_(setting.pages), hot_(std::max(setting.pages / 8, 1U)) {}

  void Fill(std::span<std::uint32_t> pages, std::uint64_t done, std::uint64_t total) override {
    for (std::uint32_t& page : pages) {
      const std::uint64_t phase = done++ / (total / kPhases + 1);
      const std::uint64_t first = phase * (pages_ / kPhases);
      const std::uint64_t random = rng_.Next();
      const std::uint64_t place = random >> 8;
      page = static_cast<std::uint32_t>(
          (random & 0xff) < kHotOf256 ? (first + place % hot_) % pages_ : place % pages_);
    }
  }

 private:
  static constexpr std::uint64_t kPhases = 4;
  static constexpr std::uint64_t kHotOf256 = 230;

  Rng rng_;
  std::uint64_t pages_;
  std::uint64_t hot_;
};

}  // namespace

std::unique_ptr<Workload> MakePhaseWorkload(const WorkloadSetting& setting) {
  return std::make_unique<PhaseWorkload>(setting);
}

}  // namespace uffdsim

// Every page is as likely as any other: the worst case for every policy and every cache.
#include "model/base/rng.h"
#include "workloads/workload.h"

namespace uffdsim {
namespace {

class UniformWorkload final : public Workload {
 public:
  explicit UniformWorkload(const WorkloadSetting& setting)
      : rng_(setting.seed), pages_(setting.pages) {}

  void Fill(std::span<std::uint32_t> pages, std::uint64_t, std::uint64_t) override {
    for (std::uint32_t& page : pages) page = static_cast<std::uint32_t>(rng_.Below(pages_));
  }

 private:
  Rng rng_;
  std::uint64_t pages_;
};

}  // namespace

std::unique_ptr<Workload> MakeUniformWorkload(const WorkloadSetting& setting) {
  return std::make_unique<UniformWorkload>(setting);
}

}  // namespace uffdsim

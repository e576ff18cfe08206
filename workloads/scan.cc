// One page after the other, over and over: what LRU and CLOCK handle worst when memory is short.
#include "workloads/workload.h"

namespace uffdsim {
namespace {

class ScanWorkload final : public Workload {
 public:
  explicit ScanWorkload(const WorkloadSetting& setting) : pages_(setting.pages) {}

  void Fill(std::span<std::uint32_t> pages, std::uint64_t, std::uint64_t) override {
    for (std::uint32_t& page : pages) {
      page = next_;
      next_ = next_ + 1 == pages_ ? 0 : next_ + 1;
    }
  }

 private:
  std::uint32_t pages_;
  std::uint32_t next_ = 0;
};

}  // namespace

std::unique_ptr<Workload> MakeScanWorkload(const WorkloadSetting& setting) {
  return std::make_unique<ScanWorkload>(setting);
}

}  // namespace uffdsim

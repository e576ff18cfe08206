// Zipf's law with exponent 1: few pages get most accesses.
//
// Mirrors: P(rank) ~ 1 / rank. Each power of two of ranks gets the same share, evenly inside, which
//          differs from the law by less than a factor of 1.5 at any rank and needs no table.
// Rules:   ranks are scattered over memory by a fixed permutation, so that neighbours are not
// alike.
#include <bit>
#include <numeric>

#include "model/base/rng.h"
#include "workloads/workload.h"

namespace uffdsim {
namespace {

class ZipfWorkload final : public Workload {
 public:
  explicit ZipfWorkload(const WorkloadSetting& setting)
      : rng_(setting.seed),
        pages_(setting.pages),
        octaves_(static_cast<unsigned>(std::bit_width(std::uint64_t{setting.pages}))) {
    while (std::gcd(step_, pages_) != 1) step_ += 2;
  }

  void Fill(std::span<std::uint32_t> pages, std::uint64_t, std::uint64_t) override {
    for (std::uint32_t& page : pages) page = static_cast<std::uint32_t>(Rank() * step_ % pages_);
  }

 private:
  // From 0. Ranks of the last octave that lie beyond the end are drawn again.
  std::uint64_t Rank() {
    for (;;) {
      const std::uint64_t first = 1ULL << rng_.Below(octaves_);
      const std::uint64_t rank = first + (rng_.Next() & (first - 1)) - 1;
      if (rank < pages_) return rank;
    }
  }

  Rng rng_;
  std::uint64_t pages_;
  unsigned octaves_;
  std::uint64_t step_ = 2654435761;  // odd; made coprime with the number of pages
};

}  // namespace

std::unique_ptr<Workload> MakeZipfWorkload(const WorkloadSetting& setting) {
  return std::make_unique<ZipfWorkload>(setting);
}

}  // namespace uffdsim

#include "sim/conform/within.h"

#include <utility>

#include "sim/scenario/words.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kAccessed = std::uint64_t{1} << 9;

class Reducer {
 public:
  explicit Reducer(const KernelRun& kernel)
      : offered_(kernel.offered),
        moves_(kernel.nodes.value_or(2) >= 2 && kernel.arch != "loongarch64"),
        hugetlb_(kernel.lacks.find("hugetlb") == std::string::npos) {
    for (const NamedBit& row : FeatureBits()) known_ |= row.bit;
  }

  // False when nothing of the operation is left.
  bool Change(Statement* s) const {
    switch (s->code) {
      case OpCode::k_uffd: s->features &= offered_ | ~known_; return true;
      case OpCode::k_register: ChangeModes(s); return true;
      case OpCode::k_rwprotect:
      case OpCode::k_set_mode: return Offers(uapi::kFeatureRwp);
      case OpCode::k_writeprotect: return Offers(uapi::kFeatureWp);
      case OpCode::k_continue: return Offers(uapi::kFeatureMinorShmem);
      case OpCode::k_move: return Offers(uapi::kFeatureMove);
      case OpCode::k_poison: return Offers(uapi::kFeaturePoison);
      case OpCode::k_scan: ChangeScan(&s->scan); return true;
      case OpCode::k_migrate:
      case OpCode::k_mbind: return moves_;
      case OpCode::k_memfd:
        if (!hugetlb_) s->flags &= ~static_cast<std::uint32_t>(kOpHugetlb | kOpGigantic);
        return true;
      case OpCode::k_map:
        if (!hugetlb_) ChangeKind(&s->map_kind);
        return true;
      default: return true;
    }
  }

 private:
  bool Offers(std::uint64_t feature) const { return (offered_ & feature) != 0; }

  void ChangeModes(Statement* s) const {
    const std::uint64_t asked = s->mode;
    if (!Offers(uapi::kFeatureRwp)) s->mode &= ~uapi::kModeRwp;
    if (!Offers(uapi::kFeatureWp)) s->mode &= ~uapi::kModeWp;
    if (!Offers(uapi::kFeatureMinorShmem)) s->mode &= ~uapi::kModeMinor;
    if (s->mode == 0 && asked != 0) s->mode = uapi::kModeMissing;
  }

  void ChangeScan(ScanArgs* scan) const {
    if (Offers(uapi::kFeatureRwp)) return;
    scan->category_mask &= ~kAccessed;
    scan->category_anyof_mask &= ~kAccessed;
    scan->category_inverted &= ~kAccessed;
    if (scan->return_mask != kAllCategories) scan->return_mask &= ~kAccessed;
  }

  static void ChangeKind(MapKind* kind) {
    if (*kind == MapKind::kHugeAnon) *kind = MapKind::kAnon;
    if (*kind == MapKind::kHugeShared) *kind = MapKind::kShmem;
  }

  std::uint64_t offered_;
  bool moves_;
  bool hugetlb_;
  std::uint64_t known_ = 0;
};

}  // namespace

Scenario WithinReach(const Scenario& scenario, const KernelRun& kernel) {
  const Reducer reducer(kernel);
  Scenario within;
  within.name = scenario.name;
  for (Line line : scenario.lines) {
    if (line.kind == Line::Kind::kOperation && !reducer.Change(&line.statement)) continue;
    within.lines.push_back(std::move(line));
  }
  return within;
}

}  // namespace uffdsim

#include "sim/mrc/policy_curve.h"

#include <algorithm>

#include "sim/parallel/parallel.h"

namespace uffdsim {

std::vector<PolicyCurve> SimulatePolicies(const ReferenceString& references,
                                          const PolicyRuns& runs) {
  std::vector<PolicyCurve> curves;
  for (const PolicyChoice& policy : runs.policies) {
    curves.push_back({policy, std::vector<std::uint64_t>(runs.sizes.size())});
  }
  const bool future = std::any_of(
      runs.policies.begin(), runs.policies.end(),
      [](const PolicyChoice& policy) { return policy.row->needs == PolicyNeeds::kFuture; });
  std::vector<std::uint32_t> next_use;
  if (future) next_use = NextUses(references.pages, references.page_count);

  const std::size_t sizes = runs.sizes.size();
  const std::size_t all = curves.size() * sizes;
  std::size_t done = 0;
  RunParallel(
      all, runs.threads,
      [&](std::size_t piece) {
        PolicyCurve& curve = curves[piece / sizes];
        PolicySetting setting;
        setting.page_count = references.page_count;
        setting.capacity = runs.sizes[piece % sizes];
        setting.seed = runs.seed;
        setting.next_use = next_use;
        curve.misses[piece % sizes] =
            MakePolicy(curve.policy, setting)->OnAccesses(references.pages);
      },
      [&](std::size_t) {
        ++done;
        if (runs.progress) runs.progress(done, all);
        return true;
      });
  return curves;
}

}  // namespace uffdsim

// The catalogue of eviction policies, and how a user names one: "clock" or
// "clock:bits=2,initial=1".
//
// Rules: the rows are those of policy.def, in its order; names and keys are lower case. A
// PolicyChoice
//   holds a value for every parameter of its row, so printing it says everything.
// Owned by: the rows live for ever; a choice is a value.
// Errors: InvalidArgument that names the position in the text and what was expected there.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/text/parameters.h"
#include "sim/vmm/policy/policy.h"
#include "sim/vmm/policy/setting.h"

namespace uffdsim {

// The least information that lets a policy work as published. Given less (a tracker that has only
// bits, say) a policy runs on what there is; that is the price of not seeing.
enum class PolicyNeeds : std::uint8_t {
  kFaults,      // only which pages were missing
  kBits,        // one accessed bit per page and interval
  kReferences,  // every reference, in order
  kFuture,      // the next use of each page: PolicySetting::next_use; demand paging only
};

struct PolicyRow {
  std::string_view name;
  PolicyNeeds needs;
  std::string_view sentence;
  std::string_view source;
  std::span<const Parameter> parameters;
  std::unique_ptr<Policy> (*make)(const PolicySetting&);
};

struct PolicyChoice {
  const PolicyRow* row = nullptr;
  std::vector<double> values;  // one per parameter of the row
};

std::span<const PolicyRow> Policies();

// The row of that name, or null.
const PolicyRow* FindPolicy(std::string_view name);

// "name" or "name:key=value,key=value".
absl::StatusOr<PolicyChoice> ParsePolicy(std::string_view text);

// The canonical text, with every parameter: what ParsePolicy() reads back to the same choice.
std::string FormatPolicy(const PolicyChoice& choice);

// `setting.parameters` is ignored: the choice has the values.
std::unique_ptr<Policy> MakePolicy(const PolicyChoice& choice, PolicySetting setting);

// next_use of a whole reference string, for PolicySetting. O(references + pages).
std::vector<std::uint32_t> NextUses(std::span<const PageId> pages, std::uint32_t page_count);

}  // namespace uffdsim

// What everything costs: one number per step of a fault, an ioctl, a scan or a copy.
//
// Rules: the fields are the rows of cost.def, where each default names its source. Sums are kept in
//   picoseconds and turned into nanoseconds once, so per-page costs of a few nanoseconds stay
//   exact. All arithmetic is on integers; scaling is by exact fractions, rounded half up.
// Owned by: a value. Errors: InvalidArgument with the file, the key's path and what was expected.
// Units: picoseconds in the program, nanoseconds (up to three decimals) in files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace uffdsim {

struct CostModel {
#define UFFDSIM_COST(member, picoseconds, sentence, source) std::uint64_t member##_ps = picoseconds;
#include "sim/cost/cost.def"

  friend bool operator==(const CostModel&, const CostModel&) = default;
};

struct CostRow {
  std::string_view name;  // as users write it, without the unit
  std::uint64_t CostModel::*member;
  std::string_view sentence;
  std::string_view source;
};

std::span<const CostRow> CostRows();

// The row of that name, or null.
const CostRow* FindCost(std::string_view name);

// A sum of picoseconds as whole nanoseconds, rounded half up.
constexpr std::uint64_t NsFromPs(std::uint64_t picoseconds) { return (picoseconds + 500) / 1000; }

// Reads {"schema": "uffdsim-costs-1", "costs": {"<name>_ns": number, ...}, "provenance": {...}}.
// Costs that are not given keep their default; the provenance is for people. `file` is for
// messages.
absl::StatusOr<CostModel> ParseCosts(std::string_view json, std::string_view file);

// The document that ParseCosts() reads back to the same model, with every cost.
std::string FormatCosts(const CostModel& costs);

// Changes one cost, or all of them: "copy_page=x2", "tlb_flush=x3/2", "all=x0.5", "syscall=250"
// (ns).
absl::Status ApplyWhatIf(std::string_view text, CostModel* costs);

}  // namespace uffdsim

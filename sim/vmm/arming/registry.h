// The catalogue of arming strategies, and how a user names one: "all" or "budget:percent=0.5".
//
// Rules: the rows are those of arming.def, in its order. A choice holds a value for every parameter
//   of its row, so printing it says everything.
// Owned by: the rows live for ever; a choice is a value.
// Errors: InvalidArgument that names the character and what was expected there.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/text/parameters.h"
#include "sim/vmm/arming/arming.h"

namespace uffdsim {

struct ArmingRow {
  std::string_view name;
  std::string_view sentence;
  std::string_view source;
  std::span<const Parameter> parameters;
  std::unique_ptr<ArmingStrategy> (*make)(const ArmingSetting&);
};

struct ArmingChoice {
  const ArmingRow* row = nullptr;  // null: the tracker does not arm
  std::vector<double> values;      // one per parameter of the row
};

std::span<const ArmingRow> ArmingStrategies();
const ArmingRow* FindArming(std::string_view name);  // null when unknown

absl::StatusOr<ArmingChoice> ParseArming(std::string_view text);

// The canonical text, with every parameter: what ParseArming() reads back to the same choice.
std::string FormatArming(const ArmingChoice& choice);

// `setting.parameters` is ignored: the choice has the values.
std::unique_ptr<ArmingStrategy> MakeArming(const ArmingChoice& choice, ArmingSetting setting);

// The factories that the rows name, each in the file of its strategy.
#define UFFDSIM_ARMING(identifier, ...) \
  std::unique_ptr<ArmingStrategy> Make##identifier##Arming(const ArmingSetting& setting);
#include "sim/vmm/arming/arming.def"

}  // namespace uffdsim

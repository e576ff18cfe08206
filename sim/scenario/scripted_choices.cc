#include "sim/scenario/scripted_choices.h"

#include <algorithm>
#include <cstddef>

namespace uffdsim {

void ScriptedChoices::Arm(std::string_view point, std::uint64_t nth) {
  const auto* row = std::find_if(kChoices.begin(), kChoices.end(),
                                 [&](const ChoiceRow& r) { return r.name == point; });
  if (row == kChoices.end() || nth == 0) return;
  const Armed armed{.point = static_cast<ChoicePoint>(row - kChoices.begin()), .left = nth};
  const auto at = std::lower_bound(armed_.begin(), armed_.end(), armed);
  if (at == armed_.end() || *at != armed) armed_.insert(at, armed);
}

bool ScriptedChoices::Choose(ChoicePoint point) {
  bool yes = false;
  for (Armed& armed : armed_) {
    if (armed.point == point) yes |= --armed.left == 0;
  }
  std::erase_if(armed_, [](const Armed& armed) { return armed.left == 0; });
  return yes;
}

}  // namespace uffdsim

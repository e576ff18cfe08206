// What the environment does, as the `choose` lines of a scenario say.
//
// Owned by: the executor. A point is answered yes once for each line that names it, no otherwise.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/op/choices.h"

namespace uffdsim {

class ScriptedChoices : public Choices {
 public:
  // A question that is answered yes after `left` - 1 others at its point.
  struct Armed {
    ChoicePoint point{};
    std::uint64_t left = 0;
    friend auto operator<=>(const Armed&, const Armed&) = default;
  };

  // From now on the `nth` question (from 1) at the point of this name is answered yes.
  void Arm(std::string_view point, std::uint64_t nth);

  bool Choose(ChoicePoint point) override;

  // What is armed, in ascending order and each once: equal means the same answers from now on.
  const std::vector<Armed>& armed() const { return armed_; }

 private:
  std::vector<Armed> armed_;
};

}  // namespace uffdsim

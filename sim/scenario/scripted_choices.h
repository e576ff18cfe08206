// What the environment does, as the `choose` lines of a scenario say.
//
// Owned by: the executor. A point is answered yes once for each line that names it, no otherwise.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/op/choices.h"

namespace uffdsim {

class ScriptedChoices : public Choices {
 public:
  // From now on the `nth` question (from 1) at the point of this name is answered yes.
  void Arm(std::string_view point, std::uint64_t nth);

  bool Choose(ChoicePoint point) override;

 private:
  struct Armed {
    ChoicePoint point{};
    std::uint64_t left = 0;  // questions until the one that is answered yes
  };
  std::vector<Armed> armed_;
};

}  // namespace uffdsim

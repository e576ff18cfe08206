// What a machine runs: a function for each step of each path, and one for each site inside steps.
//
// The clean functions, unless a profile replaced some (model/defect). Shared by all copies of a
// machine and immutable while one runs. Owned by: World::steps.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "model/path/sites.h"
#include "model/path/step.h"

namespace uffdsim {

struct StepTable {
  std::array<std::vector<StepFn>, kPathCount> run;
  SiteTable site;

  // Replaces the function of the step `step` of `path`; a name that does not exist is a simulator
  // bug.
  void Replace(PathOf path, std::string_view step, StepFn function);
};

// The clean functions, for whoever replaces some of them.
StepTable MakeCleanSteps();

}  // namespace uffdsim

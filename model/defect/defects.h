// What each row of defects.def does to a table of clean steps.
#pragma once

#include "model/path/step_table.h"

namespace uffdsim::defect {

#define DEFECT(id, symbol, sentence, reference, versions, promise, shows, kernel, needs) \
  void symbol(StepTable& table);
#include "model/defect/defects.def"
#undef DEFECT

}  // namespace uffdsim::defect

// Declarations of all paths of paths.def.
#pragma once

#include "model/path/step.h"

namespace uffdsim {

#define PATH(id, symbol, sentence) extern const Path symbol;
#include "model/path/paths.def"
#undef PATH

}  // namespace uffdsim

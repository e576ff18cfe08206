// All programs by name.
#include "sim/explore/program.h"

namespace uffdsim {

std::vector<const Program*> AllPrograms() {
  std::vector<const Program*> all;
#define PROGRAMS(function, sentence) \
  for (const Program& program : function()) all.push_back(&program);
#include "sim/explore/programs/programs.def"
#undef PROGRAMS
  return all;
}

const Program* FindProgram(std::string_view name) {
  for (const Program* program : AllPrograms()) {
    if (program->name == name) return program;
  }
  return nullptr;
}

}  // namespace uffdsim

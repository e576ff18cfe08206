// What the tables of programs are made with: every program has one userfaultfd, named U.
#pragma once

#include "sim/explore/program.h"

namespace uffdsim {

constexpr Program MakeProgram(std::string_view name, std::string_view sentence,
                              Program::Verdict verdict, std::span<const std::string_view> setup,
                              std::span<const ProgramThread> threads,
                              std::span<const Reaction> reactions,
                              std::span<const std::string_view> epilogue) {
  return {.name = name,
          .sentence = sentence,
          .verdict = verdict,
          .setup = setup,
          .threads = threads,
          .uffd = "U",
          .reactions = reactions,
          .epilogue = epilogue};
}

}  // namespace uffdsim

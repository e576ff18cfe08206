// Draws long sequences of scenario statements that mostly mean something: each next statement knows
// what is mapped, registered, armed and waited for, because it looks at the machine that ran the
// ones before it.
//
// Deterministic: the sequence depends on the options and on the machine's behaviour alone. The same
// seed on a machine with another defect may take another turn once their states differ.
// Owned by: the caller. Errors: none; every line parses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/rng.h"
#include "sim/explore/generate/setup.h"
#include "sim/scenario/executor.h"

namespace uffdsim {

struct GenerateOptions {
  std::uint64_t seed = 1;
  std::uint32_t length = 60;  // statements after the set-up
  // Only what a real kernel can do, with an observation every few statements: for comparing
  // records. Otherwise model-only statements take part.
  bool real_kernel = false;
  std::uint64_t huge_pages = 512;  // base pages of a huge page on the architecture
  KernelLacks lacks;               // nothing of it is drawn, but for what `errors` makes wrong
};

class Generator {
 public:
  explicit Generator(const GenerateOptions& options);

  // The next statement for the machine as it is now; nothing when the sequence is complete.
  std::optional<Statement> Next(Executor& executor);

 private:
  std::string NextLine(const Sight& sight);
  std::string DrawLine(const Sight& sight);
  std::string Ending(const Sight& sight);
  std::uint64_t WeightOf(std::size_t row) const;

  GenerateOptions options_;
  Rng rng_;
  Swarm swarm_;
  std::vector<std::string> pending_;  // lines that come next, last first
  std::uint32_t drawn_ = 0;
  std::uint32_t until_look_ = 0;  // real kernel: statements before the next observation
  bool ended_ = false;
};

// A whole sequence, drawn on a machine of its own.
Scenario GenerateScenario(const GenerateOptions& options, const MachineConfig& config);

}  // namespace uffdsim

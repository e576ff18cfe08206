// Variations of recorded scenarios: what a campaign tries beside sequences drawn from nothing.
//
// A recorded scenario is a good place to start from: its lines mean something together. A variation
// leaves out, repeats, moves and borrows lines, changes numbers and words, and looks more often.
// Deterministic: depends on the corpus, the base and the seed. Errors: none; every line parses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/statement.h"

namespace uffdsim {

struct CorpusEntry {
  std::string category;            // "swap" of swap-003
  std::vector<std::string> lines;  // operations, in normal form
};

// `base` is an index into the corpus; lines are borrowed from all of it.
Scenario Vary(const std::vector<CorpusEntry>& corpus, std::size_t base, std::uint64_t seed);

}  // namespace uffdsim

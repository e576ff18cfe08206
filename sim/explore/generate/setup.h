// The first lines of a generated sequence, and the swarm configuration behind all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/explore/generate/draw.h"

namespace uffdsim {

// Which features a run uses, and how often; none that is lacking.
Swarm DrawSwarm(Rng& rng, const KernelLacks& lacks);

// Mappings, contents, contexts, registrations, as lines of the scenario language.
std::vector<std::string> DrawSetup(Rng& rng, const Swarm& swarm, std::uint64_t huge_pages);

}  // namespace uffdsim

// `uffdsim check profiles` as a page: who breaks which invariant, and what each posting changed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/explore/profiles.h"

namespace uffdsim {

using ProfileResults = std::vector<std::pair<std::string, ProfileFaults>>;  // by profile

// Markdown. Profiles in the order of columns; each of them has a row in profiles.def.
std::string ProfilesPage(const ProfileResults& results, std::uint64_t budget);

}  // namespace uffdsim

// `uffdsim check profiles` as a page: who breaks which invariant, and what each posting changed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/explore/profiles.h"

namespace uffdsim {

using ProfileResults = std::vector<std::pair<std::string, ProfileFaults>>;  // by profile
// What each defect that reviewers found breaks alone.
using BrokenAlone = std::map<std::string, ProfileFaults::Broken, std::less<>>;

bool IsPosting(std::string_view profile);
// Of the profiles that are postings: the defects that Linux 7.3.4 does not have any more.
std::vector<std::string> DefectsOfReview(const std::vector<std::string>& profiles);

// Markdown. Profiles in the order of columns; each of them has a row in profiles.def.
std::string ProfilesPage(const ProfileResults& results, const BrokenAlone& alone,
                         std::uint64_t budget);

}  // namespace uffdsim

// Near matches for a name that is not known: the "did you mean" of every error about names.
//
// Rules: distance counts characters inserted, deleted, replaced or swapped with their neighbour
//   (optimal string alignment), upper and lower case being equal. A candidate is near if it takes
//   at most a third of the longer name's characters (at least one), or if the name is the beginning
//   of it. Nearest first, then in catalogue order.
// Owned by: the results are copies. Errors: none.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace uffdsim {

std::size_t EditDistance(std::string_view a, std::string_view b);

// At most three of `known` that are near `name`.
std::vector<std::string> NearMatches(std::string_view name,
                                     std::span<const std::string_view> known);

// The end of an error message: "; did you mean a, b or c?" when something is near, else
// "; known: a, b, c, ...".
std::string DidYouMean(std::string_view name, std::span<const std::string_view> known);

}  // namespace uffdsim

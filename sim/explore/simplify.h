// Simpler forms of one line of a scenario, by its words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace uffdsim {

using Words = std::vector<std::string>;

// Each with one word left out, one number smaller, one name of a list left out, or one kind
// plainer; the boldest come first. Not all of them parse.
std::vector<Words> SimplerForms(const Words& words);

// How much there is to read in a line: what shrinking makes smaller.
std::uint64_t WeightOf(const Words& words);

}  // namespace uffdsim

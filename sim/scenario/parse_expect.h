// `expect` lines: what must hold after the operation above.
//
// The claims and their forms are one table in parse_expect.cc, which README.md repeats for people.
#pragma once

#include <cstdint>

#include "sim/scenario/statement.h"
#include "sim/scenario/tokens.h"

namespace uffdsim {

// `first` is the token `expect`. Adds to `errors` when the line is wrong.
Expectation ParseExpectation(const TokenLine& line, std::size_t first, std::uint32_t process,
                             ParseErrors* errors);

// The word after `expect` for claims that have one of their own ("ret"); "" for a status.
std::string_view ExpectWord(Expectation::Kind kind);

}  // namespace uffdsim

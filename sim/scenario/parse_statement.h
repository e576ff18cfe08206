// One operation's words to a Statement, driven by its row of syntax.def.
#pragma once

#include <optional>

#include "sim/scenario/statement.h"
#include "sim/scenario/tokens.h"

namespace uffdsim {

// `first` is the token of the operation's name, after an `@P` if there was one (`process`). Adds to
// `errors` and returns nothing when the line is wrong.
std::optional<Statement> ParseStatement(const TokenLine& line, std::size_t first,
                                        std::uint32_t process, ParseErrors* errors);

// Whether `thread T` may stand before it: what the machine performs in a task of its own, and what
// changes no descriptors.
bool RunsInThread(OpCode code);

// Every operation's name, and the words that start other lines: for near matches.
std::vector<std::string_view> LineWords();

}  // namespace uffdsim

// A Scenario back to text, in one normal form: ParseScenario(FormatScenario(s)) == s.
//
// Normal form: one space between words, arguments in the order of their row, masks by name,
// comments kept, two spaces before a comment that follows an operation.
#pragma once

#include <string>

#include "sim/scenario/statement.h"

namespace uffdsim {

std::string FormatScenario(const Scenario& scenario);
std::string FormatStatement(const Statement& statement);  // with `@P`, without a comment
std::string FormatExpectation(const Expectation& expectation);
std::string FormatQuantity(const Quantity& quantity);

}  // namespace uffdsim

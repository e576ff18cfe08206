// What an explorer found, as a scenario that shows it: set-up, the letters, and above them what
// breaks.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sim/explore/subject.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Deterministic; `uffdsim scenario run FILE --check` replays it and exits with 1.
Scenario ToScenario(const Setting& setting, std::span<const std::uint16_t> letters,
                    const FoundViolation& violation);

// "A:1 of process 0" for a violation's place.
std::string PlaceOf(const Setting& setting, const FoundViolation& violation);

}  // namespace uffdsim

// The page of a finding: what a kernel developer reads, with the program that shows it.
//
// Made of its row in sim/explore/findings.def, its row in findings.def, its scenario, and what a
// run on a real kernel answered. Owned by: constant tables. Errors: NotFound for a finding that has
// no row in findings.def, InvalidArgument for a scenario that no system calls can perform.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sim/explore/findings.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

struct FindingPageRow {
  std::string_view name;
  std::string_view since;     // the release that has it first
  std::string_view expected;  // what the scenario's end should be
  std::string_view suggestion;
};
std::span<const FindingPageRow> FindingPages();

// What the kernel under test did with the scenario.
struct Confirmation {
  bool confirmed = false;
  std::string kernel;
  std::string how;       // one sentence
  std::string observed;  // the records of the operations, a line each
};

// "violates NoOrphan; confirmed on 7.3.4+deb13-cloud-amd64 (20 records agree)"
std::string FindingSentence(const FindingRow& row, const Confirmation& confirmation);

// NAME.md. `at`: where the model sees it.
absl::StatusOr<std::string> FindingPageText(const FindingRow& row, std::string_view at,
                                            const Confirmation& confirmation);

// NAME.c.
absl::StatusOr<std::string> FindingProgram(const FindingRow& row);

// The scenario's operations alone, with an observation behind each or behind the last.
enum class Looking : std::uint8_t { kAfterEach, kAtTheEnd };
Scenario OperationsOf(const Scenario& scenario, Looking looking);

}  // namespace uffdsim

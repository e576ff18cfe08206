// Runs a whole scenario and judges its `expect` lines.
//
// Errors: InvalidArgument when the scenario cannot run here (unknown architecture, profile or
//         defect, a region that does not fit its slot); a failed expectation is a value, not an
//         error.
// Owned by: the caller. Deterministic: the result depends on the scenario and the options alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/arch.h"
#include "model/spec/referee.h"
#include "sim/scenario/executor.h"
#include "sim/scenario/record.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// Whether the referee watches: always, or only when the scenario speaks of violations.
enum class Checking : std::uint8_t { kIfExpected, kAlways };

// Whether the scenario's `defect` lines count. The good twin of a defect's scenario ignores them.
enum class DefectHeader : std::uint8_t { kApplied, kIgnored };

struct RunOptions {
  std::string arch;     // empty: the scenario's, else x86_64
  std::string profile;  // empty: the scenario's, else linux-7.3.4
  // Memory nodes; 0: a kernel without CONFIG_NUMA. Nothing: what the recorded kernel of that
  // architecture had, none on riscv64 and two elsewhere.
  std::optional<std::uint32_t> numa_nodes;
  // CONFIG_PER_VMA_LOCK. Nothing: as in the recorded kernels, all but riscv64's have it.
  std::optional<bool> vma_locks;
  bool proc_mem_forces = false;  // as in MachineConfig
  bool thp = true;               // false: a CPU without huge pages for processes
  DefectHeader defects = DefectHeader::kApplied;
  std::vector<std::string> more_defects;  // beside the scenario's own
  Checking checking = Checking::kIfExpected;
  // Called with the first line, each record's line and the last line as they come about.
  std::function<void(const std::string& json)> on_line;
  // Called before the first operation, and after each with its record.
  std::function<void(Executor& executor)> on_start;
  std::function<void(const Statement& statement, const Record& record)> on_record;
};

// An expectation that did not hold.
struct Failure {
  int line = 0;          // of the scenario's text
  std::string expected;  // the line, in normal form
  std::string actual;
  Statement operation;               // that it speaks of
  std::optional<PageChange> change;  // of the operation's page, the last; only while checking
};

struct RunResult {
  std::string arch;
  std::string profile;
  std::string first_line;
  std::vector<Record> records;
  std::string last_line;
  std::vector<Failure> failures;
  int expectations = 0;
  int violations = 0;  // that no `expect violation` names
};

absl::StatusOr<RunResult> RunScenario(const Scenario& scenario, const RunOptions& options);

// Names of the header lines; empty when the scenario has none.
std::vector<std::string> HeaderNames(const Scenario& scenario, Header::Kind kind);

}  // namespace uffdsim

// Any bytes as a scenario: an error with a position, or a scenario that formats, parses back to the
// same, and translates to operations and back; never a crash.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/translate.h"

namespace {

using namespace uffdsim;  // NOLINT: one file, one target

constexpr std::uint64_t kPage = 4096;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto scenario = ParseScenario("fuzz", text);
  if (!scenario.ok()) {
    Require(scenario.status().message().find("fuzz:") == 0);
    return 0;
  }
  const std::string formatted = FormatScenario(*scenario);
  const auto again = ParseScenario("fuzz", formatted);
  Require(again.ok() && *again == *scenario);
  Require(FormatScenario(*again) == formatted);
  Names names(kPage);
  names.Learn(*scenario);
  for (const Line& line : scenario->lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Operation op = ToOperation(line.statement, &names);
    Names other(kPage);
    const std::string back = FormatStatement(ToStatement(op, &other));
    Require(ParseScenario("fuzz", back).ok());
  }
  return 0;
}

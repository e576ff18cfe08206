#include "sim/explore/judge.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "model/defect/catalogue.h"

namespace uffdsim {
namespace {

Line HeaderLine(Header::Kind kind, std::vector<std::string> names) {
  Line line;
  line.kind = Line::Kind::kHeader;
  line.header.kind = kind;
  line.header.names = std::move(names);
  return line;
}

}  // namespace

std::vector<Line> HeaderOf(const MachineChoice& machine) {
  std::vector<Line> lines;
  lines.push_back(HeaderLine(Header::Kind::kArch, {machine.arch}));
  lines.push_back(HeaderLine(Header::Kind::kProfile, {machine.profile}));
  if (!machine.defects.empty()) {
    lines.push_back(HeaderLine(Header::Kind::kDefect, machine.defects));
  }
  if (machine.tlb) lines.push_back(HeaderLine(Header::Kind::kHardware, {std::string(kTlb)}));
  return lines;
}

absl::StatusOr<const Arch*> ArchOf(const MachineChoice& machine) {
  if (const Arch* arch = FindArch(machine.arch)) return arch;
  std::vector<std::string_view> known;
  for (const Arch* arch : AllArchs()) known.push_back(arch->name());
  return absl::InvalidArgumentError(
      absl::StrCat("unknown architecture '", machine.arch, "'", DidYouMean(machine.arch, known)));
}

absl::StatusOr<MachineConfig> ConfigOf(const MachineChoice& machine) {
  const auto arch = ArchOf(machine);
  if (!arch.ok()) return arch.status();
  auto steps = StepsOf(machine.profile, machine.defects);
  if (!steps.ok()) return steps.status();
  MachineConfig config;
  config.arch = *arch;
  config.steps = *std::move(steps);
  config.caches_translations = machine.tlb;
  return config;
}

absl::StatusOr<std::optional<Broken>> FirstBroken(const Scenario& scenario) {
  RunOptions options;
  options.checking = Checking::kAlways;
  const auto result = RunScenario(scenario, options);
  if (!result.ok()) return result.status();
  for (const Record& record : result->records) {
    if (record.violations.empty()) continue;
    return Broken{record.violations.front(), static_cast<std::size_t>(record.index)};
  }
  return std::nullopt;
}

Scenario CutAfter(const Scenario& scenario, std::size_t operation) {
  Scenario cut;
  cut.name = scenario.name;
  std::size_t seen = 0;
  for (const Line& line : scenario.lines) {
    cut.lines.push_back(line);
    if (line.kind == Line::Kind::kOperation && seen++ == operation) break;
  }
  return cut;
}

}  // namespace uffdsim

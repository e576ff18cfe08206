#include "sim/explore/random.h"

#include <vector>

#include "sim/explore/generate/generator.h"
#include "sim/explore/shrink.h"
#include "sim/parallel/parallel.h"

namespace uffdsim {
namespace {

// What one sequence came to.
struct Tried {
  std::uint64_t statements = 0;
  absl::StatusOr<std::optional<Broken>> broken = std::nullopt;
};

Scenario Sequence(const RandomOptions& options, const Arch& arch, std::uint64_t number) {
  GenerateOptions generate;
  generate.seed = SeedOf(options.seed, number);
  generate.length = options.length;
  generate.huge_pages = arch.geometry().PmdPages();
  MachineConfig config;
  config.arch = &arch;
  Scenario scenario = GenerateScenario(generate, config);
  const std::vector<Line> header = HeaderOf(options.machine);
  scenario.lines.insert(scenario.lines.begin(), header.begin(), header.end());
  return scenario;
}

// Judges the sequences in ascending order; after a failure none is begun any more, so that those
// with lower numbers are known. Returns the lowest that failed, or how many there are.
absl::StatusOr<std::uint64_t> Campaign(const RandomOptions& options, const Arch& arch,
                                       std::vector<Tried>* tried) {
  tried->resize(options.sequences);
  std::uint64_t done = 0;
  RunParallel(
      options.sequences, options.threads,
      [&](std::size_t number) {
        const Scenario scenario = Sequence(options, arch, number);
        (*tried)[number].statements = scenario.lines.size();
        (*tried)[number].broken = FirstBroken(scenario);
      },
      [&](std::size_t number) {
        if (options.progress) options.progress(++done);
        const auto& broken = (*tried)[number].broken;
        return broken.ok() && !broken->has_value();
      });
  for (std::uint64_t number = 0; number < options.sequences; ++number) {
    const auto& broken = (*tried)[number].broken;
    if (!broken.ok()) return broken.status();
    if (broken->has_value()) return number;
  }
  return options.sequences;
}

RandomFailure ShrinkSequence(const RandomOptions& options, const Arch& arch, std::uint64_t number) {
  const Scenario whole = Sequence(options, arch, number);
  const Broken first = **FirstBroken(whole);
  const Scenario cut = CutAfter(whole, first.operation);
  const std::string& invariant = first.violation.invariant;
  const Shrunk shrunk = Shrink(cut, [&](const Scenario& candidate) {
    const auto broken = FirstBroken(candidate);
    return broken.ok() && broken->has_value() && (*broken)->violation.invariant == invariant;
  });
  return {.sequence = number,
          .drawn = first.operation + 1,
          .runs = shrunk.runs,
          .scenario = shrunk.scenario};
}

}  // namespace

std::uint64_t SeedOf(std::uint64_t seed, std::uint64_t sequence) {
  // Two rounds of the generator's own mixing keep neighbouring campaigns apart.
  return Rng(Rng(seed).Next() + sequence).Next();
}

absl::StatusOr<Scenario> DrawnSequence(const RandomOptions& options, std::uint64_t number) {
  const auto arch = ArchOf(options.machine);
  if (!arch.ok()) return arch.status();
  return Sequence(options, **arch, number);
}

absl::StatusOr<RandomResult> CheckRandom(const RandomOptions& options) {
  const auto arch = ArchOf(options.machine);
  if (!arch.ok()) return arch.status();
  std::vector<Tried> tried;
  const auto lowest = Campaign(options, **arch, &tried);
  if (!lowest.ok()) return lowest.status();
  RandomResult result;
  const bool failed = *lowest < options.sequences;
  result.sequences = failed ? *lowest + 1 : options.sequences;
  for (std::uint64_t i = 0; i < result.sequences; ++i) {
    result.statements += tried[i].statements;
  }
  if (failed) result.failure = ShrinkSequence(options, **arch, *lowest);
  return result;
}

}  // namespace uffdsim

// The random explorer: many drawn sequences, the referee after every operation, the first failure
// made short.
//
// Mirrors: swarm testing (see generate/draw.h) with shrinking.
// Deterministic: the result depends on the options only, not on how many threads work: sequences
// are numbered, each has a seed of its own, and the lowest number that fails is the one reported.
// Errors: InvalidArgument for an unknown architecture, profile or defect.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sim/explore/judge.h"

namespace uffdsim {

struct RandomOptions {
  MachineChoice machine;
  std::uint64_t seed = 1;
  std::uint64_t sequences = 1000;
  std::uint32_t length = 60;  // statements of a sequence after its set-up
  unsigned threads = 1;
  // Called with how many sequences were judged, one call at a time.
  std::function<void(std::uint64_t done)> progress;
};

struct RandomFailure {
  std::uint64_t sequence = 0;
  std::size_t drawn = 0;   // statements up to the failure, before shrinking
  std::uint64_t runs = 0;  // of shrinking
  Scenario scenario;       // short, with its header
};

struct RandomResult {
  std::uint64_t sequences = 0;   // judged: all up to the failing one
  std::uint64_t statements = 0;  // performed in those
  std::optional<RandomFailure> failure;
};

absl::StatusOr<RandomResult> CheckRandom(const RandomOptions& options);

// One sequence of the campaign, with its header.
absl::StatusOr<Scenario> DrawnSequence(const RandomOptions& options, std::uint64_t number);

// The seed of one sequence of a campaign.
std::uint64_t SeedOf(std::uint64_t seed, std::uint64_t sequence);

}  // namespace uffdsim

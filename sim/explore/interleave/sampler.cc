#include "sim/explore/interleave/sampler.h"

#include <algorithm>
#include <vector>

#include "model/base/rng.h"

namespace uffdsim {
namespace {

// One schedule of PCT: the enabled actor of the highest priority goes on; at d - 1 random places
// the one that is about to go on falls below all others.
class Sampler {
 public:
  Sampler(const Program& program, const InterleaveOptions& options)
      : program_(program), options_(options) {}

  absl::StatusOr<InterleaveResult> Run() {
    for (; result_.schedules < options_.pct && !result_.failure;) {
      if (const absl::Status status = Execute(); !status.ok()) return status;
      if (options_.progress) options_.progress(result_.schedules, options_.pct);
    }
    return std::move(result_);
  }

 private:
  absl::Status Execute() {
    Rng rng(options_.seed + result_.schedules * 0x9e3779b97f4a7c15ULL);
    auto started = Session::Start(program_, options_.machine);
    if (!started.ok()) return started.status();
    Session& session = **started;
    std::vector<std::uint64_t> priority;
    for (std::size_t i = 0; i < session.actors(); ++i) {
      priority.push_back(options_.pct_depth + rng.Below(std::uint64_t{1} << 32));
    }
    std::vector<std::uint64_t> changes;
    for (std::uint32_t i = 1; i < options_.pct_depth; ++i) changes.push_back(rng.Below(longest_));
    std::uint32_t failures = options_.failures;
    std::size_t depth = 0;
    for (; depth < kMostTransitions && !session.broken(); ++depth) {
      const std::vector<std::size_t> enabled = session.EnabledActors();
      if (enabled.empty()) break;
      for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i] == depth) priority[Highest(enabled, priority)] = i;
      }
      Turn turn{Highest(enabled, priority), std::nullopt};
      if (failures != 0 && rng.Below(8) == 0) {
        --failures;
        turn.yes = Asked{static_cast<ChoicePoint>(rng.Below(kChoices.size())), 1};
      }
      std::vector<Asked> ignored;
      session.Take(turn, &ignored);
      ++result_.transitions;
    }
    longest_ = std::max<std::uint64_t>(longest_, depth);
    ++result_.schedules;
    if (!session.broken()) session.Finish();
    result_.ends.insert(session.EndText());
    if (session.broken()) {
      result_.failure = {*session.broken(), session.Lines(), result_.schedules, std::nullopt};
    }
    return absl::OkStatus();
  }

  static std::size_t Highest(const std::vector<std::size_t>& enabled,
                             const std::vector<std::uint64_t>& priority) {
    return *std::max_element(enabled.begin(), enabled.end(), [&](std::size_t a, std::size_t b) {
      return priority[a] < priority[b];
    });
  }

  const Program& program_;
  const InterleaveOptions& options_;
  std::uint64_t longest_ = 20;  // transitions of the longest schedule so far
  InterleaveResult result_;
};

}  // namespace

absl::StatusOr<InterleaveResult> SampleSchedules(const Program& program,
                                                 const InterleaveOptions& options) {
  return Sampler(program, options).Run();
}

}  // namespace uffdsim

#include "sim/explore/interleave/interleave.h"

#include <algorithm>
#include <set>
#include <vector>

#include "sim/explore/interleave/race_tracker.h"
#include "sim/explore/interleave/sampler.h"
#include "sim/explore/shrink.h"

namespace uffdsim {
namespace {

// A place in an execution from which it can go on in several ways.
struct Node {
  std::vector<Turn> turns;  // those to try, in order; the first ones were tried
  std::size_t tried = 0;    // of `turns`
  std::vector<std::size_t> enabled;
  std::uint32_t preemptions = 0;  // up to here
  std::uint32_t failures = 0;
  std::size_t last = 0;  // who took the transition before; an actor that does not exist at first
};

class Search {
 public:
  Search(const Program& program, const InterleaveOptions& options)
      : program_(program), options_(options) {}

  absl::StatusOr<InterleaveResult> Run() {
    for (bool more = true; more && !result_.failure;) {
      if (result_.schedules == options_.most_schedules) return std::move(result_);
      if (const absl::Status status = Execute(); !status.ok()) return status;
      more = Backtrack();
    }
    result_.complete = !result_.failure && !bounded_;
    result_.states = seen_.size();
    return std::move(result_);
  }

 private:
  // Repeats the path and goes on to an end.
  absl::Status Execute() {
    auto started = Session::Start(program_, options_.machine);
    if (!started.ok()) return started.status();
    Session& session = **started;
    RaceTracker races(session.actors());
    for (std::size_t depth = 0; depth < kMostTransitions; ++depth) {
      if (session.broken()) break;
      if (depth == path_.size() && !AddNode(session)) break;
      Node& node = path_[depth];
      // While repeating, the turn that was taken last; at the last place, the one that comes next.
      const bool fresh = depth + 1 == path_.size();
      if (fresh) ++node.tried;
      const Turn turn = node.turns[node.tried - 1];
      if (options_.reduction == Reduction::kDpor) TrackRaces(session, turn, &races);
      std::vector<Asked> asked;
      session.Take(turn, &asked);
      if (fresh) {
        ++result_.transitions;
        AddFailures(&node, turn, asked);
      }
    }
    End(session);
    return absl::OkStatus();
  }

  // The next place. False when the execution ends here, or goes on as one before did.
  bool AddNode(const Session& session) {
    Node node;
    node.enabled = session.EnabledActors();
    node.last = session.actors();
    if (!path_.empty()) {
      const Node& before = path_.back();
      const Turn& taken = before.turns[before.tried - 1];
      node.last = taken.actor;
      node.preemptions = before.preemptions + (IsPreemption(before, taken.actor) ? 1 : 0);
      node.failures = before.failures + (taken.yes ? 1 : 0);
    }
    if (node.enabled.empty()) return false;
    if (options_.reduction == Reduction::kStates && !seen_.insert(KeyOf(session, node)).second) {
      pruned_ = true;
      return false;
    }
    for (const std::size_t actor : InOrder(node)) {
      if (options_.preemptions && IsPreemption(node, actor) &&
          node.preemptions == *options_.preemptions) {
        bounded_ = true;
        continue;
      }
      node.turns.push_back({actor, std::nullopt});
      // DPOR starts with one and adds what races ask for.
      if (options_.reduction == Reduction::kDpor) break;
    }
    path_.push_back(std::move(node));
    return true;
  }

  static bool IsPreemption(const Node& node, std::size_t actor) {
    return actor != node.last &&
           std::find(node.enabled.begin(), node.enabled.end(), node.last) != node.enabled.end();
  }

  // Whoever ran goes on first: schedules with few switches come first.
  static std::vector<std::size_t> InOrder(const Node& node) {
    std::vector<std::size_t> order = node.enabled;
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t actor) { return actor == node.last; });
    return order;
  }

  // The environment might have answered yes to any question that the transition asked.
  void AddFailures(Node* node, const Turn& turn, const std::vector<Asked>& asked) const {
    if (turn.yes || node->failures >= options_.failures) return;
    for (const Asked& question : asked) node->turns.push_back({turn.actor, question});
  }

  void TrackRaces(const Session& session, const Turn& turn, RaceTracker* races) {
    const auto racing = races->Take(turn.actor, session.Footprint(turn.actor));
    for (const std::size_t before : racing) {
      // The actor, or whoever can lead to it, has to go first there too.
      Node& node = path_[before];
      const bool could =
          std::find(node.enabled.begin(), node.enabled.end(), turn.actor) != node.enabled.end();
      for (const std::size_t actor : node.enabled) {
        if (!could || actor == turn.actor) AddTurn(&node, {actor, std::nullopt});
      }
    }
  }

  static void AddTurn(Node* node, const Turn& turn) {
    if (std::find(node->turns.begin(), node->turns.end(), turn) == node->turns.end()) {
      node->turns.push_back(turn);
    }
  }

  std::string KeyOf(const Session& session, const Node& node) const {
    std::string key = session.StateText();
    key += static_cast<char>(node.failures);
    if (options_.preemptions) {
      key += static_cast<char>(node.preemptions);
      key += static_cast<char>(node.last);
    }
    return key;
  }

  void End(Session& session) {
    if (!pruned_) {
      ++result_.schedules;
      if (!session.broken()) session.Finish();
      result_.ends.insert(session.EndText());
    }
    pruned_ = false;
    if (session.broken()) {
      result_.failure = {*session.broken(), session.Lines(), result_.schedules};
    }
  }

  // Drops what was explored wholly; false when nothing is left.
  bool Backtrack() {
    while (!path_.empty() && path_.back().tried == path_.back().turns.size()) path_.pop_back();
    return !path_.empty();
  }

  const Program& program_;
  const InterleaveOptions& options_;
  std::vector<Node> path_;
  std::set<std::string> seen_;
  bool pruned_ = false;
  bool bounded_ = false;
  InterleaveResult result_;
};

// The invariant that a scenario breaks first; "" when the referee is content.
std::string BrokenBy(const Scenario& scenario) {
  const auto broken = FirstBroken(scenario);
  return broken.ok() && broken->has_value() ? (*broken)->violation.invariant : "";
}

// A broken invariant stays broken in less; what a claim of the epilogue means hangs on the whole
// program, so that such a schedule keeps its statements.
Scenario ShrinkSchedule(const Scenario& failing) {
  const std::string invariant = BrokenBy(failing);
  if (invariant.empty()) return failing;
  return Shrink(failing, [&](const Scenario& s) { return BrokenBy(s) == invariant; }).scenario;
}

// The failing schedule with the fewest preemptions, as far as a few of them do.
InterleaveResult::Failure FewestSwitches(const Program& program, InterleaveOptions options,
                                         const InterleaveResult::Failure& found) {
  constexpr std::uint32_t kMostPreemptions = 3;
  for (std::uint32_t bound = 0; bound <= kMostPreemptions; ++bound) {
    options.preemptions = bound;
    const auto result = Search(program, options).Run();
    if (result.ok() && result->failure) return *result->failure;
  }
  return found;
}

}  // namespace

absl::StatusOr<InterleaveResult> CheckInterleave(const Program& program,
                                                 const InterleaveOptions& options) {
  auto result =
      options.pct != 0 ? SampleSchedules(program, options) : Search(program, options).Run();
  if (!result.ok() || !result->failure) return result;
  if (options.pct == 0 && !options.preemptions) {
    result->failure = FewestSwitches(program, options, *result->failure);
  }
  result->failure->scenario = ShrinkSchedule(result->failure->scenario);
  return result;
}

}  // namespace uffdsim

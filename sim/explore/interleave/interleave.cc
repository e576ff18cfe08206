#include "sim/explore/interleave/interleave.h"

#include <algorithm>
#include <vector>

#include "sim/explore/interleave/race_tracker.h"
#include "sim/explore/interleave/sampler.h"
#include "sim/explore/shrink.h"
#include "sim/explore/visited.h"

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
      result_.cut_off = result_.schedules == options_.most_schedules;
      if (result_.cut_off) break;
      if (const absl::Status status = Execute(); !status.ok()) return status;
      more = Backtrack();
      if (options_.progress) options_.progress(result_.schedules, result_.schedules + Left());
    }
    result_.complete = !result_.failure && !bounded_ && !result_.cut_off;
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
    taken_.clear();
    for (std::size_t depth = 0; depth < kMostTransitions; ++depth) {
      if (session.broken()) break;
      if (depth == path_.size() && !AddNode(session)) break;
      Node& node = path_[depth];
      // While repeating, the turn that was taken last; at the last place, the one that comes next.
      const bool fresh = depth + 1 == path_.size();
      if (fresh) ++node.tried;
      const Turn turn = node.turns[node.tried - 1];
      if (options_.reduction == Reduction::kDpor) {
        if (options_.preemptions) {
          TrackBounded(session, turn);
        } else {
          TrackRaces(session, turn, &races);
        }
      }
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
    if (options_.reduction == Reduction::kStates && !seen_.Insert(RecordOf(session, node))) {
      pruned_ = true;
      return false;
    }
    for (const std::size_t actor : InOrder(node)) {
      if (!WithinBound(node, actor)) continue;
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

  bool WithinBound(const Node& node, std::size_t actor) {
    const bool within = !options_.preemptions || !IsPreemption(node, actor) ||
                        node.preemptions < *options_.preemptions;
    bounded_ = bounded_ || !within;
    return within;
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
    for (const std::size_t before : racing) GoFirst(before, turn.actor);
  }

  // What comes first may only be exchanged with what is dependent on it by a schedule beyond the
  // bound on the way. So whoever can go on is asked about everything dependent that was taken, and
  // not only there but also where the taker's block begins, or the one before: there it costs no
  // preemption more.
  void TrackBounded(const Session& session, const Turn& turn) {
    for (const std::size_t actor : path_[taken_.size()].enabled) {
      const std::uint32_t footprint = session.Footprint(actor);
      for (std::size_t i = 0; i < taken_.size(); ++i) {
        if (taken_[i].actor == actor || (taken_[i].footprint & footprint) == 0) continue;
        GoFirst(i, actor);
        if (i > 0) GoFirst(taken_[i - 1].block, actor);
      }
    }
    const bool same = !taken_.empty() && taken_.back().actor == turn.actor;
    taken_.push_back(
        {turn.actor, session.Footprint(turn.actor), same ? taken_.back().block : taken_.size()});
  }

  // The actor, or whoever can lead to it, has to be tried at an earlier place too.
  void GoFirst(std::size_t place, std::size_t actor) {
    Node& node = path_[place];
    const bool could =
        std::find(node.enabled.begin(), node.enabled.end(), actor) != node.enabled.end();
    for (const std::size_t other : node.enabled) {
      if ((could && other != actor) || !WithinBound(node, other)) continue;
      const Turn turn{other, std::nullopt};
      if (std::find(node.turns.begin(), node.turns.end(), turn) == node.turns.end()) {
        node.turns.push_back(turn);
      }
    }
  }

  Visited::Record RecordOf(const Session& session, const Node& node) const {
    std::vector<std::uint64_t> beside = {node.failures};
    if (options_.preemptions) beside.insert(beside.end(), {node.preemptions, node.last});
    Visited::Record record;
    record.digest = session.StateDigest(beside);
    return record;
  }

  // Turns that are known and not tried.
  std::uint64_t Left() const {
    std::uint64_t left = 0;
    for (const Node& node : path_) left += node.turns.size() - node.tried;
    return left;
  }

  void End(Session& session) {
    if (!pruned_) {
      ++result_.schedules;
      if (!session.broken()) session.Finish();
      result_.ends.insert(session.EndText());
    }
    pruned_ = false;
    if (session.broken()) {
      result_.failure = {*session.broken(), session.Lines(), result_.schedules, std::nullopt};
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
  // Transitions of this execution, for the bounded reduction.
  struct Taken {
    std::size_t actor = 0;
    std::uint32_t footprint = 0;
    std::size_t block = 0;  // where its actor went on for the first time without a switch
  };
  std::vector<Taken> taken_;
  Visited seen_;
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

// A schedule that fails alike with the fewest preemptions, as far as a few of them do.
InterleaveResult::Failure FewestSwitches(const Program& program, InterleaveOptions options,
                                         const InterleaveResult::Failure& found) {
  constexpr std::uint32_t kMostPreemptions = 3;
  for (std::uint32_t bound = 0; bound <= kMostPreemptions; ++bound) {
    options.preemptions = bound;
    const auto result = Search(program, options).Run();
    if (!result.ok() || !result->failure) continue;
    if (result->failure->broken.invariant != found.broken.invariant) continue;
    return {found.broken, result->failure->scenario, found.schedule, bound};
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

#include "sim/explore/exhaustive.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/explore/checkpoint.h"
#include "sim/explore/visited.h"
#include "sim/explore/walker.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr std::uint32_t kBatch = 2048;  // states between two merges
constexpr std::uint32_t kPiece = 32;    // states that a worker takes at a time

// What a worker found in one piece of a batch, in the order of (state, letter).
struct Findings {
  std::vector<Visited::Record> fresh;
  std::vector<std::pair<Visited::Record, FoundViolation>> violations;
  std::vector<std::uint64_t> performed;  // by letter
};

void ExpandState(const Setting& setting, const Visited& visited, std::uint32_t state,
                 Walker* walker, Findings* findings) {
  Subject& subject = walker->subject();
  walker->GoTo(state, visited);
  bool changed = false;
  for (std::size_t i = 0; i < setting.letters.size(); ++i) {
    if (changed) walker->Back();
    const Subject::Result result = subject.Perform(setting.letters[i]);
    changed = result != Subject::Result::kDisabled;
    if (!changed) continue;
    ++findings->performed[i];
    if (result == Subject::Result::kBeyond) continue;
    Visited::Record record;
    record.parent = state;
    record.letter = static_cast<std::uint16_t>(i);
    if (subject.violated()) {
      findings->violations.emplace_back(record, subject.violation());
      continue;
    }
    record.digest = subject.Identify();
    if (!visited.Contains(record.digest)) findings->fresh.push_back(record);
  }
}

class Exploration {
 public:
  Exploration(const Setting& setting, const ExhaustiveOptions& options)
      : setting_(setting), options_(options) {}

  absl::StatusOr<ExhaustiveResult> Run();

 private:
  absl::Status Begin();
  void Expand(std::uint32_t first, std::uint32_t last);
  void Merge(const Findings& findings);
  bool Bounded(ExhaustiveResult::End* end) const;

  const Setting& setting_;
  const ExhaustiveOptions& options_;
  Visited visited_;
  std::vector<std::unique_ptr<Walker>> walkers_;
  std::vector<Findings> pieces_;
  std::uint32_t level_end_ = 1;  // one past the last state of the level that is being expanded
  std::uint32_t next_ = 0;       // the state to be expanded next
  ExhaustiveResult result_;
};

absl::Status Exploration::Begin() {
  const std::uint32_t threads =
      std::clamp<std::uint32_t>(options_.threads, 1, static_cast<std::uint32_t>(Arena::kMost / 2));
  for (std::uint32_t i = 0; i < threads; ++i) {
    walkers_.push_back(std::make_unique<Walker>(setting_));
  }
  Subject& first = walkers_[0]->subject();
  if (!first.ok()) {
    const Statement& line = setting_.setup[first.failed_setup() - 1].statement;
    return absl::InvalidArgumentError(absl::StrCat(setting_.alphabet.name, ": the set-up line `",
                                                   FormatStatement(line), "` does not work"));
  }
  Visited::Record root;
  root.digest = first.Identify();
  visited_.Insert(root);
  result_.levels = {1};
  result_.performed.resize(setting_.letters.size());
  return absl::OkStatus();
}

void Exploration::Expand(std::uint32_t first, std::uint32_t last) {
  const std::uint32_t count = (last - first + kPiece - 1) / kPiece;
  pieces_.assign(count, {{}, {}, std::vector<std::uint64_t>(setting_.letters.size())});
  std::atomic<std::uint32_t> next = 0;
  const auto work = [&](Walker* walker) {
    for (std::uint32_t piece = next++; piece < count; piece = next++) {
      const std::uint32_t begin = first + piece * kPiece;
      const std::uint32_t end = std::min(begin + kPiece, last);
      for (std::uint32_t state = begin; state < end; ++state) {
        ExpandState(setting_, visited_, state, walker, &pieces_[piece]);
      }
    }
  };
  const std::size_t helpers = std::min<std::size_t>(walkers_.size(), count) - 1;
  std::vector<std::thread> threads;
  threads.reserve(helpers);
  for (std::size_t i = 0; i < helpers; ++i) threads.emplace_back(work, walkers_[i + 1].get());
  work(walkers_[0].get());
  for (std::thread& thread : threads) thread.join();
}

void Exploration::Merge(const Findings& findings) {
  for (std::size_t i = 0; i < findings.performed.size(); ++i) {
    result_.performed[i] += findings.performed[i];
    result_.transitions += findings.performed[i];
  }
  for (const Visited::Record& record : findings.fresh) visited_.Insert(record);
  for (const auto& entry : findings.violations) {
    const Visited::Record& record = entry.first;
    const FoundViolation& violation = entry.second;
    const bool known =
        std::any_of(result_.found.begin(), result_.found.end(),
                    [&](const Counterexample& c) { return c.violation.name == violation.name; });
    if (known) continue;
    std::vector<std::uint16_t> letters = WayTo(record.parent, visited_);
    letters.push_back(record.letter);
    result_.found.push_back({violation, std::move(letters)});
    if (!options_.every_invariant) return;
  }
}

bool Exploration::Bounded(ExhaustiveResult::End* end) const {
  if (!result_.found.empty() && !options_.every_invariant) {
    *end = ExhaustiveResult::End::kViolation;
  } else if (options_.states_max != 0 && visited_.size() >= options_.states_max) {
    *end = ExhaustiveResult::End::kStates;
  } else if (options_.transitions_max != 0 && result_.transitions >= options_.transitions_max) {
    *end = ExhaustiveResult::End::kTransitions;
  } else if (options_.memory != 0 && visited_.bytes() >= options_.memory) {
    *end = ExhaustiveResult::End::kMemory;
  } else {
    return false;
  }
  return true;
}

absl::StatusOr<ExhaustiveResult> Exploration::Run() {
  if (const absl::Status begun = Begin(); !begun.ok()) return begun;
  Checkpoint checkpoint(setting_, options_.resume);
  if (const absl::Status loaded = checkpoint.Load(&visited_, &next_, &level_end_, &result_);
      !loaded.ok()) {
    return loaded;
  }
  for (;;) {
    if (Bounded(&result_.end)) break;
    if (next_ == level_end_) {
      if (visited_.size() == level_end_) {
        result_.end = ExhaustiveResult::End::kClosed;
        break;
      }
      result_.levels.push_back(visited_.size() - level_end_);
      level_end_ = visited_.size();
    }
    if (options_.depth != 0 && result_.levels.size() > options_.depth) {
      result_.end = ExhaustiveResult::End::kDepth;
      break;
    }
    const std::uint32_t last = std::min(next_ + kBatch, level_end_);
    Expand(next_, last);
    for (const Findings& findings : pieces_) {
      Merge(findings);
      if (!result_.found.empty() && !options_.every_invariant) break;
    }
    next_ = last;
    if (const absl::Status saved = checkpoint.Save(visited_, next_, level_end_, result_);
        !saved.ok()) {
      return saved;
    }
    if (options_.progress) {
      options_.progress(visited_.size(), visited_.size() - next_, result_.transitions);
    }
  }
  result_.states = visited_.size();
  result_.bookkeeping = visited_.bytes();
  return std::move(result_);
}

}  // namespace

std::vector<std::string> NeverPossible(const Setting& setting, const ExhaustiveResult& result) {
  std::vector<std::string> letters;
  for (std::size_t i = 0; i < result.performed.size(); ++i) {
    if (result.performed[i] == 0) letters.push_back(FormatStatement(setting.letters[i].statement));
  }
  return letters;
}

absl::StatusOr<ExhaustiveResult> Exhaust(const Setting& setting, const ExhaustiveOptions& options) {
  return Exploration(setting, options).Run();
}

}  // namespace uffdsim

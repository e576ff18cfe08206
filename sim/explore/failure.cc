#include "sim/explore/failure.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/format.h"
#include "sim/scenario/json.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

// Who does a statement.
std::string ActorOf(const Statement& statement) {
  return absl::StrCat("process ", statement.process);
}

// The statement without what its column says already.
std::string BareText(const Statement& statement) {
  Statement bare = statement;
  bare.process = 0;
  return FormatStatement(bare);
}

std::string StatusText(const Outcome& outcome) {
  std::string text = std::string(StatusWord(outcome.status));
  if (outcome.status == Outcome::Status::kError) text = ErrnoName(outcome.error);
  if (outcome.status == Outcome::Status::kSignal) text = outcome.signal;
  return outcome.status == Outcome::Status::kOk ? "" : absl::StrCat(" -> ", text);
}

absl::StatusOr<RunResult> Replay(const Scenario& scenario) {
  RunOptions options;
  options.checking = Checking::kAlways;
  return RunScenario(scenario, options);
}

std::string ReplayCommand(const std::string& file) {
  return absl::StrCat("uffdsim scenario run ", file, " --check");
}

class Table {
 public:
  // A cell in the actor's column; actors get columns in the order in which they come.
  void Add(const std::string& actor, std::string cell) {
    const auto found = std::find(actors_.begin(), actors_.end(), actor);
    const auto column = static_cast<std::size_t>(found - actors_.begin());
    if (found == actors_.end()) {
      actors_.push_back(actor);
      widths_.push_back(actor.size());
    }
    widths_[column] = std::max(widths_[column], cell.size());
    rows_.push_back({column, std::move(cell)});
  }

  std::string Text() const {
    std::string text;
    if (actors_.size() > 1) {
      for (std::size_t i = 0; i < actors_.size(); ++i) {
        absl::StrAppend(&text, "  ", Padded(actors_[i], i));
      }
      text += "\n";
    }
    for (const auto& [column, cell] : rows_) {
      std::string line;
      for (std::size_t i = 0; i < column; ++i) absl::StrAppend(&line, "  ", Padded("", i));
      absl::StrAppend(&text, line, "  ", cell, "\n");
    }
    return text;
  }

 private:
  std::string Padded(std::string_view word, std::size_t column) const {
    std::string padded(word);
    padded.resize(std::max(padded.size(), widths_[column]), ' ');
    return padded;
  }

  std::vector<std::string> actors_;
  std::vector<std::size_t> widths_;
  std::vector<std::pair<std::size_t, std::string>> rows_;
};

const RecordViolation* FirstViolation(const RunResult& result) {
  for (const Record& record : result.records) {
    if (!record.violations.empty()) return &record.violations.front();
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::string> FailureText(const Scenario& scenario, const std::string& file) {
  const auto result = Replay(scenario);
  if (!result.ok()) return result.status();
  Table table;
  std::size_t next = 0;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Record& record = result->records[next++];
    table.Add(ActorOf(line.statement),
              absl::StrCat(BareText(line.statement), StatusText(record.outcome)));
  }
  std::string text =
      absl::StrCat("profile ", result->profile, ", ", result->arch, "\n\n", table.Text(), "\n");
  if (const RecordViolation* violation = FirstViolation(*result)) {
    absl::StrAppend(&text, "violation  ", violation->invariant, ": ", violation->sentence, "\n");
    absl::StrAppend(&text, "at         ", violation->at, "\n");
    if (!violation->step.empty()) absl::StrAppend(&text, "step       ", violation->step, "\n");
    absl::StrAppend(&text, "detail     ", violation->detail, "\n");
  }
  absl::StrAppend(&text, "replay     ", ReplayCommand(file), "\n");
  return text;
}

absl::StatusOr<std::string> FailureJson(const Scenario& scenario, const std::string& file) {
  const auto result = Replay(scenario);
  if (!result.ok()) return result.status();
  JsonWriter j;
  j.Object([&] {
    j.Field("arch", result->arch);
    j.Field("profile", result->profile);
    j.Field("scenario", FormatScenario(scenario));
    if (const RecordViolation* violation = FirstViolation(*result)) {
      j.Field("invariant", violation->invariant);
      j.Field("sentence", violation->sentence);
      j.Field("at", violation->at);
      j.Field("step", violation->step);
      j.Field("detail", violation->detail);
    }
    j.Field("file", file);
    j.Field("replay", ReplayCommand(file));
  });
  return j.text();
}

}  // namespace uffdsim

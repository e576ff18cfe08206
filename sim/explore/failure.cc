#include "sim/explore/failure.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "sim/scenario/format.h"
#include "sim/scenario/json.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

// Who does a line: a thread, somebody whom a comment names, the environment, or a process.
std::string ActorOf(const Line& line) {
  const Statement& statement = line.statement;
  if (!statement.thread.empty()) return statement.thread;
  if (std::string named = NamedActor(line); !named.empty()) return named;
  if (statement.code == OpCode::k_choose) return "environment";
  return absl::StrCat("process ", statement.process);
}

// The statement without what its column says already.
std::string BareText(const Statement& statement) {
  if (statement.code == OpCode::k_step) {
    const std::string text = FormatStatement(statement);
    return absl::StrReplaceAll(text, {{absl::StrCat("step ", statement.thread), "step"}});
  }
  Statement bare = statement;
  bare.process = 0;
  bare.thread.clear();
  return FormatStatement(bare);
}

std::string StatusText(const Record& record) {
  const Outcome& outcome = record.outcome;
  if (!record.next.empty()) return absl::StrCat(" -> ", record.next);
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
      absl::StripTrailingAsciiWhitespace(&text);
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

// What is wrong, in the words of the report.
struct Wrong {
  std::string invariant;  // "Expectation" where a claim of the scenario does not hold
  std::string sentence;
  std::string at;
  std::string step;
  std::string kernel;
  std::string before;
  std::string after;
  std::string detail;
};

Wrong WrongExpectation(const Failure& failure, const RunResult& result) {
  const Statement& operation = failure.operation;
  Wrong wrong{.invariant = "Expectation",
              .sentence = absl::StrCat("`", failure.expected, "` after `",
                                       FormatStatement(operation), "`, line ", failure.line),
              .at = {},
              .step = result.records.back().next,
              .kernel = {},
              .before = {},
              .after = {},
              .detail = absl::StrCat("found ", failure.actual)};
  if (operation.Has(Role::kRegion)) {
    wrong.at = absl::StrCat(operation.process, ":", operation.region, ":",
                            FormatQuantity(operation.offset));
  }
  if (const std::optional<PageChange>& change = failure.change) {
    wrong.step = absl::StrCat(change->path, "/", change->step);
    wrong.kernel = change->kernel;
    wrong.before = change->before;
    wrong.after = change->after;
  }
  return wrong;
}

// The first violation, else the first expectation that does not hold.
std::optional<Wrong> FirstWrong(const RunResult& result) {
  for (const Record& record : result.records) {
    if (record.violations.empty()) continue;
    const RecordViolation& v = record.violations.front();
    return Wrong{v.invariant, v.sentence, v.at, v.step, v.kernel, v.before, v.after, v.detail};
  }
  if (result.failures.empty()) return std::nullopt;
  return WrongExpectation(result.failures.front(), result);
}

void AddRow(const char* name, const std::string& value, std::string* text) {
  if (!value.empty()) absl::StrAppend(text, absl::StrFormat("%-11s", name), value, "\n");
}

std::string WordsText(const Wrong& wrong) {
  return wrong.before.empty() ? "" : absl::StrCat(wrong.before, " -> ", wrong.after);
}

}  // namespace

std::string NamedActor(const Line& line) {
  const std::string comment(absl::StripAsciiWhitespace(line.comment));
  return absl::StrContains(comment, ' ') ? "" : comment;
}

absl::StatusOr<std::string> FailureText(const Scenario& scenario, const std::string& file) {
  const auto result = Replay(scenario);
  if (!result.ok()) return result.status();
  Table table;
  std::size_t next = 0;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Record& record = result->records[next++];
    table.Add(ActorOf(line), absl::StrCat(BareText(line.statement), StatusText(record)));
  }
  std::string text =
      absl::StrCat("profile ", result->profile, ", ", result->arch, "\n\n", table.Text(), "\n");
  if (const std::optional<Wrong> wrong = FirstWrong(*result)) {
    AddRow("violation", absl::StrCat(wrong->invariant, ": ", wrong->sentence), &text);
    AddRow("at", wrong->at, &text);
    AddRow("step", wrong->step, &text);
    AddRow("kernel", wrong->kernel, &text);
    AddRow("word", WordsText(*wrong), &text);
    AddRow("detail", wrong->detail, &text);
  }
  if (!file.empty()) AddRow("replay", ReplayCommand(file), &text);
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
    if (const std::optional<Wrong> wrong = FirstWrong(*result)) {
      j.Field("invariant", wrong->invariant);
      j.Field("sentence", wrong->sentence);
      j.Field("at", wrong->at);
      j.Field("step", wrong->step);
      j.Field("kernel", wrong->kernel);
      j.Field("before", wrong->before);
      j.Field("after", wrong->after);
      j.Field("detail", wrong->detail);
    }
    j.Field("file", file);
    j.Field("replay", ReplayCommand(file));
  });
  return j.text();
}

}  // namespace uffdsim

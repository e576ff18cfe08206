// `uffdsim check kill`: which engine finds which seeded defect, and how soon.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/base/near_match.h"
#include "model/defect/catalogue.h"
#include "nlohmann/json.hpp"
#include "sim/cli/check_command.h"
#include "sim/cli/machine_figures.h"
#include "sim/cli/number_range.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/explore/kill.h"
#include "sim/parallel/parallel.h"

namespace uffdsim {
namespace {

// What stands in the table for the machine without a defect.
constexpr char kClean[] = "(none)";

struct Arguments {
  std::vector<std::string> engines;
  std::vector<std::string> defects = {"all"};
  std::uint64_t budget = 20'000'000;
  unsigned threads = 1;
  std::string markdown_file;
  std::string json_file;
};

struct Row {
  std::string defect;
  bool derived = false;
  std::vector<KillAttempt> attempts;  // by engine
  std::vector<double> seconds;

  bool killed() const {
    return std::any_of(attempts.begin(), attempts.end(),
                       [](const KillAttempt& attempt) { return attempt.killed; });
  }
};

struct Score {
  std::size_t killed = 0;
  std::size_t by_referee = 0;  // not by a comparison alone
  std::size_t all = 0;
};

struct Matrix {
  std::vector<const KillEngine*> engines;
  std::vector<Row> rows;  // the first is the clean machine

  bool clean_is_silent() const { return !rows.front().killed(); }
  bool KilledBy(const Row& row, KillEngine::Judge judge) const {
    for (std::size_t e = 0; e < row.attempts.size(); ++e) {
      if (row.attempts[e].killed && engines[e]->judge == judge) return true;
    }
    return false;
  }
  // Of the defects that were written by hand, or of the derived ones.
  Score ScoreOf(bool derived) const {
    Score score;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].derived != derived) continue;
      ++score.all;
      score.killed += rows[i].killed() ? 1 : 0;
      score.by_referee += KilledBy(rows[i], KillEngine::Judge::kReferee) ? 1 : 0;
    }
    return score;
  }
};

absl::Status ChooseDefects(const std::vector<std::string>& names, Matrix* matrix) {
  std::vector<std::string_view> known = {"all", "written", "derived"};
  for (const auto rows : {Defects(), DerivedDefects()}) {
    for (const DefectRow& row : rows) known.push_back(row.id);
  }
  const auto add = [&](std::span<const DefectRow> rows, bool derived) {
    for (const DefectRow& row : rows)
      matrix->rows.push_back({std::string(row.id), derived, {}, {}});
  };
  for (const std::string& name : names) {
    const bool all = name == "all";
    if (all || name == "written") add(Defects(), false);
    if (all || name == "derived") add(DerivedDefects(), true);
    if (all || name == "written" || name == "derived") continue;
    if (FindDefect(name) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown defect '", name, "'", DidYouMean(name, known)));
    }
    const bool written = std::any_of(Defects().begin(), Defects().end(),
                                     [&](const DefectRow& row) { return row.id == name; });
    matrix->rows.push_back({name, !written, {}, {}});
  }
  return absl::OkStatus();
}

absl::Status ChooseEngines(const std::vector<std::string>& names, Matrix* matrix) {
  std::vector<std::string_view> known;
  for (const KillEngine& engine : KillEngines()) known.push_back(engine.name);
  if (names.empty()) {
    for (const KillEngine& engine : KillEngines()) matrix->engines.push_back(&engine);
  }
  for (const std::string& name : names) {
    const KillEngine* engine = FindKillEngine(name);
    if (engine == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown engine '", name, "'", DidYouMean(name, known)));
    }
    matrix->engines.push_back(engine);
  }
  return absl::OkStatus();
}

absl::Status Hunt(const Arguments& arguments, Matrix* matrix) {
  std::vector<absl::Status> failed(matrix->rows.size());
  Progress progress("check kill", "defects");
  std::size_t done = 0;
  RunParallel(
      matrix->rows.size(), arguments.threads,
      [&](std::size_t i) {
        Row& row = matrix->rows[i];
        MachineChoice machine{.arch = "x86_64-tiny", .profile = "ideal", .defects = {}};
        if (row.defect != kClean) {
          machine.defects = {row.defect};
          machine.tlb = FindDefect(row.defect)->needs.find("tlb") != std::string_view::npos;
        }
        for (const KillEngine* engine : matrix->engines) {
          const Stopwatch watch;
          auto attempt = engine->run(machine, arguments.budget);
          if (!attempt.ok()) {
            failed[i] = attempt.status();
            return;
          }
          row.attempts.push_back(*std::move(attempt));
          row.seconds.push_back(static_cast<double>(watch.WallNs()) / 1e9);
        }
      },
      [&](std::size_t) {
        progress.Show(++done, matrix->rows.size());
        return true;
      });
  for (const absl::Status& status : failed) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string Seconds(double seconds) {
  return seconds < 0.1 ? "< 0.1 s" : absl::StrFormat("%.1f s", seconds);
}

std::string Cell(const KillAttempt& attempt, double seconds) {
  if (!attempt.killed) return absl::StrCat("-, ", Seconds(seconds));
  return absl::StrCat(attempt.by, ", ", attempt.operations, " operations (", attempt.where, ", ",
                      attempt.work, " tried, ", Seconds(seconds), ")");
}

std::string Percent(std::size_t killed, std::size_t all) {
  const double share = 100.0 * static_cast<double>(killed) / static_cast<double>(all);
  return absl::StrFormat("%d of %d (%.1f %%)", killed, all, share);
}

// "" where no such defect was asked for.
std::string ScoreText(const char* what, const Score& score) {
  if (score.all == 0) return "";
  return absl::StrCat(what, " ", Percent(score.killed, score.all), ", by an invariant ",
                      Percent(score.by_referee, score.all));
}

// What the exhaustive engine does not find although another one does.
std::string SilentRows(const Matrix& matrix) {
  std::string text;
  for (std::size_t e = 0; e < matrix.engines.size(); ++e) {
    if (matrix.engines[e] != FindKillEngine("exhaustive")) continue;
    for (std::size_t i = 1; i < matrix.rows.size(); ++i) {
      const Row& row = matrix.rows[i];
      if (row.attempts[e].killed || !row.killed()) continue;
      const std::string reason(ReasonOfSilence(row.defect));
      absl::StrAppend(&text, "- `", row.defect, "`: ", reason.empty() ? "not reached" : reason,
                      "\n");
    }
  }
  if (text.empty()) return "";
  return absl::StrCat(
      "\n## What the exhaustive engine is silent about\n\nOther engines find it, *twins* mostly. "
      "`sim/explore/silent.def` says why no invariant is broken in its bounds.\n\n",
      text);
}

std::string Markdown(const Matrix& matrix, std::uint64_t budget) {
  std::string text = absl::StrCat(
      "# Kill matrix\n\nWritten by `uffdsim check kill --budget ", budget,
      " --markdown sim/explore/KILL.md`: so many operations for each defect and engine. A cell "
      "says by which\ninvariant the defect was "
      "found, "
      "how many operations the shortest scenario has after its set-up, in which alphabet, "
      "how\nmany "
      "operations were tried until then, and seconds of one core, which vary by machine; the rest "
      "does not. *Twins* compares\nwith the clean machine and needs no invariant: the second "
      "figure of a score leaves it out.\n\n- the clean machine: ",
      matrix.clean_is_silent() ? "silent everywhere" : "NOT SILENT", "\n",
      ScoreText("- defects written by hand, killed:", matrix.ScoreOf(false)), "\n",
      ScoreText("- mutation score (the derived defects, `omit:` to `kept:`):",
                matrix.ScoreOf(true)),
      "\n\n| defect |");
  for (const KillEngine* engine : matrix.engines) {
    absl::StrAppend(&text, " ", std::string(engine->name), " |");
  }
  absl::StrAppend(&text, "\n|---|");
  for (std::size_t i = 0; i < matrix.engines.size(); ++i) absl::StrAppend(&text, "---|");
  for (const Row& row : matrix.rows) {
    absl::StrAppend(&text, "\n| `", row.defect, "` |");
    for (std::size_t e = 0; e < row.attempts.size(); ++e) {
      absl::StrAppend(&text, " ", Cell(row.attempts[e], row.seconds[e]), " |");
    }
  }
  absl::StrAppend(&text,
                  "\n\n## Survivors\n\nNo engine got to these within the budget. Each one that was "
                  "written by hand has a scenario that shows it, in\n`tests/defect/` or, for what "
                  "the release does, `tests/scenario/findings/` (`defect_test`); the derived ones "
                  "change what\nthose scenarios show (`defect_derived_test`, which lists its "
                  "exceptions).\n\n");
  for (std::size_t i = 1; i < matrix.rows.size(); ++i) {
    if (matrix.rows[i].killed()) continue;
    const std::string reason(ReasonToSurvive(matrix.rows[i].defect));
    absl::StrAppend(&text, "- `", matrix.rows[i].defect,
                    "`: ", reason.empty() ? "not reached" : reason, "\n");
  }
  return text + SilentRows(matrix);
}

nlohmann::ordered_json ToJson(const Matrix& matrix, std::uint64_t budget) {
  nlohmann::ordered_json json;
  json["schema"] = 1;
  json["budget"] = budget;
  json["clean_is_silent"] = matrix.clean_is_silent();
  json["rows"] = nlohmann::ordered_json::array();
  nlohmann::ordered_json timing = nlohmann::ordered_json::array();
  for (const Row& row : matrix.rows) {
    nlohmann::ordered_json cells;
    nlohmann::ordered_json seconds;
    for (std::size_t e = 0; e < row.attempts.size(); ++e) {
      const KillAttempt& attempt = row.attempts[e];
      nlohmann::ordered_json cell;
      cell["killed"] = attempt.killed;
      if (attempt.killed) {
        cell["by"] = attempt.by;
        cell["where"] = attempt.where;
        cell["operations"] = attempt.operations;
      }
      cell["work"] = attempt.work;
      const std::string engine(matrix.engines[e]->name);
      cells[engine] = cell;
      seconds[engine] = row.seconds[e];
    }
    json["rows"].push_back({{"defect", row.defect}, {"derived", row.derived}, {"engines", cells}});
    timing.push_back({{"defect", row.defect}, {"seconds", seconds}});
  }
  json["timing"] = timing;
  return json;
}

void PrintTable(const Matrix& matrix) {
  for (const Row& row : matrix.rows) {
    std::cout << absl::StrFormat("%-44s", row.defect);
    for (std::size_t e = 0; e < row.attempts.size(); ++e) {
      const KillAttempt& attempt = row.attempts[e];
      std::cout << "  " << std::string(matrix.engines[e]->name) << ": "
                << (attempt.killed ? absl::StrCat(attempt.by, "/", attempt.operations) : "-");
    }
    std::cout << "\n";
  }
  std::cout << "clean machine " << (matrix.clean_is_silent() ? "silent" : "NOT SILENT")
            << ScoreText("; written by hand: killed", matrix.ScoreOf(false))
            << ScoreText("; derived: killed", matrix.ScoreOf(true)) << "\n";
}

absl::StatusOr<int> Run(const Arguments& arguments) {
  Matrix matrix;
  matrix.rows.push_back({kClean, false, {}, {}});
  if (const absl::Status s = ChooseDefects(arguments.defects, &matrix); !s.ok()) return s;
  if (const absl::Status s = ChooseEngines(arguments.engines, &matrix); !s.ok()) return s;
  const auto markdown_file = CreateIfAsked(arguments.markdown_file);
  if (!markdown_file.ok()) return markdown_file.status();
  const auto json_file = CreateIfAsked(arguments.json_file);
  if (!json_file.ok()) return json_file.status();
  if (const absl::Status s = Hunt(arguments, &matrix); !s.ok()) return s;
  PrintTable(matrix);
  absl::Status written = CommitIfAsked(markdown_file->get(), Markdown(matrix, arguments.budget));
  written.Update(CommitIfAsked(json_file->get(),
                               absl::StrCat(ToJson(matrix, arguments.budget).dump(2), "\n")));
  const bool all_killed = std::all_of(matrix.rows.begin() + 1, matrix.rows.end(),
                                      [](const Row& row) { return row.killed(); });
  return ExitCodeAfterWriting(matrix.clean_is_silent() && all_killed ? 0 : 1, written);
}

}  // namespace

void AddCheck_kill(CLI::App& check, int* exit_code) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub =
      check.add_subcommand("kill", "Which engine finds which seeded defect; 1 if any survives");
  sub->add_option("--engine", a->engines, "exhaustive, twins, random, interleave; default: all");
  sub->add_option("--defect", a->defects, "ids, or all, written, derived")->capture_default_str();
  sub->add_option("--budget", a->budget, "operations for each defect and engine")
      ->check(AtLeastOne())
      ->capture_default_str();
  sub->add_option("--threads", a->threads, "the result is the same for any number")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  sub->add_option("--markdown", a->markdown_file, "write the matrix there");
  sub->add_option("--json", a->json_file, "write the whole result there");
  sub->callback([a, exit_code] { *exit_code = ExitCodeOf(Run(*a)); });
}

}  // namespace uffdsim

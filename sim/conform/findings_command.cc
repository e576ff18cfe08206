// `uffdsim conform findings`: what the referee calls wrong, confirmed on a real kernel.
//
// A finding's scenario runs on both sides, with an observation after every operation. When all
// records agree, the kernel does what the model of it does, and the referee says which invariant
// that breaks. A call that the model knows never to end is confirmed when the kernel does not end
// it either.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/conform/commands.h"
#include "sim/conform/judge.h"
#include "sim/explore/findings.h"
#include "sim/scenario/export_c.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

constexpr int kClean = 0;
constexpr int kNotConfirmed = 1;
constexpr int kBadInput = 2;
constexpr std::uint64_t kPageSize = 4096;

struct PageRow {
  std::string_view name;
  std::string_view since;
  std::string_view suggestion;
};
constexpr PageRow kPages[] = {
#define PAGE(name, since, suggestion) {name, since, suggestion},
#include "sim/conform/findings.def"
#undef PAGE
};

PageRow PageOf(std::string_view name) {
  for (const PageRow& row : kPages) {
    if (row.name == name) return row;
  }
  return {name, "not looked for", "none yet"};
}

std::string_view SentenceOf(std::string_view invariant) {
#define INVARIANT(id, number, sentence) \
  if (invariant == #id) return sentence;
#include "model/spec/invariants.def"
#undef INVARIANT
  return "";
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// The operations alone; with `looking`, an observation behind each.
Scenario Operations(const Scenario& scenario, bool looking) {
  Scenario result;
  result.name = scenario.name;
  Line look;
  look.kind = Line::Kind::kOperation;
  look.statement.code = OpCode::k_observe;
  look.statement.flags = kOpRaw;
  look.statement.length = {1, 0};
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    result.lines.push_back(line);
    if (looking) result.lines.push_back(look);
  }
  return result;
}

struct Confirmation {
  bool confirmed = false;
  std::string kernel;
  std::string how;       // one sentence
  std::string observed;  // the records of the operations, without observations
};

absl::StatusOr<Confirmation> Confirm(const Scenario& scenario, Backend* backend) {
  Confirmation result;
  const auto verdict = Judge(Operations(scenario, true), backend, {});
  if (!verdict.ok()) return verdict.status();
  const Scenario plain = Operations(scenario, false);
  const auto run = backend->Run(scenario.name, FormatScenario(plain), RunOrder::kNewestFirst);
  if (!run.ok()) return run.status();
  result.kernel = run->kernel;
  for (const std::string& record : run->records) absl::StrAppend(&result.observed, record, "\n");
  const bool endless = verdict->operations < static_cast<int>(2 * plain.lines.size());
  if (!verdict->skipped.empty()) {
    result.how = absl::StrCat("skipped: ", verdict->skipped);
  } else if (verdict->first) {
    result.how = absl::StrCat("the kernel differs at record ", verdict->first->index, ": ",
                              verdict->first->details.front());
  } else if (endless) {
    result.confirmed = !run->failed.empty();
    result.how = result.confirmed ? "the call never ends there either" : "the call ends there";
  } else {
    result.confirmed = verdict->failed.empty() && verdict->varies.empty();
    result.how = result.confirmed ? absl::StrCat(verdict->compared, " records agree")
                                  : absl::StrCat(verdict->failed, verdict->varies);
  }
  return result;
}

std::string PageText(const FindingRow& row, const FindingResult& model,
                     const Confirmation& confirmation) {
  const PageRow page = PageOf(row.name);
  std::string text = absl::StrCat("# ", View(row.name), "\n\n", View(row.explanation), "\n\n");
  absl::StrAppend(
      &text, "**Violates ", View(row.invariant), "** (", View(SentenceOf(row.invariant)), "); ",
      confirmation.confirmed ? absl::StrCat("**confirmed on ", confirmation.kernel, "**: ")
                             : "not confirmed on a running kernel: ",
      confirmation.how, ".\n\n");
  absl::StrAppend(&text, "| | |\n|---|---|\n| kernel function | `", View(row.kernel),
                  "` |\n| since | ", View(page.since), " |\n| where the model sees it | `",
                  model.at, "` |\n| suggestion | ", View(page.suggestion), " |\n| reproducer | `",
                  View(row.name), ".c` (`gcc -Wall -pthread`, as root) |\n\n");
  absl::StrAppend(&text, "Scenario (`tests/scenario/findings/", View(row.name),
                  ".scn`; its `expect` lines say what the referee sees):\n\n```\n",
                  View(row.scenario), "```\n\nObserved:\n\n```\n", confirmation.observed, "```\n");
  return text;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

// NAME.md, and NAME.c where system calls can do it.
absl::Status WritePage(const std::string& folder, const FindingRow& row, const Scenario& scenario,
                       const std::string& page) {
  const std::string path = absl::StrCat(folder, "/", View(row.name));
  const auto program = ExportC(Operations(scenario, false), kPageSize);
  if (!program.ok()) return program.status();
  if (!WriteFile(path + ".md", page) || !WriteFile(path + ".c", *program)) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be written"));
  }
  return absl::OkStatus();
}

}  // namespace

int RunConformFindingsCommand(const ConformFindingsCommand& command, std::ostream& out,
                              std::ostream& err) {
  const auto fail = [&](const absl::Status& status) {
    err << "uffdsim: " << status.message() << "\n";
    return kBadInput;
  };
  auto backend = OpenTarget(command.target);
  if (!backend.ok()) return fail(backend.status());
  std::error_code error;
  if (!command.folder.empty()) std::filesystem::create_directories(command.folder, error);
  int worst = kClean;
  for (const FindingRow& row : Findings()) {
    if (row.name.find(command.only) == std::string_view::npos) continue;
    const auto scenario = ParseScenario(row.name, row.scenario);
    if (!scenario.ok()) return fail(scenario.status());
    const auto model = ConfirmFinding(row);
    if (!model.ok()) return fail(model.status());
    const auto confirmation = Confirm(*scenario, backend->get());
    if (!confirmation.ok()) return fail(confirmation.status());
    out << absl::StrFormat("%-22s violates %s; %s%s (%s)\n", row.name, row.invariant,
                           confirmation->confirmed ? "confirmed on " : "not confirmed on ",
                           confirmation->kernel, confirmation->how);
    out.flush();
    if (!confirmation->confirmed) worst = kNotConfirmed;
    if (command.folder.empty()) continue;
    const absl::Status written =
        WritePage(command.folder, row, *scenario, PageText(row, *model, *confirmation));
    if (!written.ok()) return fail(written);
  }
  return worst;
}

}  // namespace uffdsim

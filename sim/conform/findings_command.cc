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
#include "sim/conform/findings_page.h"
#include "sim/conform/judge.h"
#include "sim/conform/reproducer.h"
#include "sim/explore/findings.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

// What the boot loader must have said: `sysfs /proc/cmdline/NAME VALUE` is " NAME=VALUE".
std::string BootWords(const Scenario& scenario) {
  constexpr std::string_view kBoot = "/proc/cmdline/";
  std::string words;
  for (const Line& line : scenario.lines) {
    const Statement& s = line.statement;
    if (s.code != OpCode::k_sysfs || s.path.rfind(kBoot, 0) != 0) continue;
    absl::StrAppend(&words, " ", s.path.substr(kBoot.size()), "=", s.text);
  }
  return words;
}

absl::StatusOr<Confirmation> Confirm(const Scenario& scenario, Backend* backend) {
  Confirmation result;
  const Scenario looking = OperationsOf(scenario, Looking::kAfterEach);
  const auto verdict = Judge(looking, backend, {});
  if (!verdict.ok()) return verdict.status();
  const Scenario plain = OperationsOf(scenario, Looking::kAtTheEnd);
  const auto run = backend->Run(scenario.name, FormatScenario(plain), RunOrder::kNewestFirst);
  if (!run.ok()) return run.status();
  result.kernel = run->kernel;
  for (const std::string& record : run->records) absl::StrAppend(&result.observed, record, "\n");
  const bool endless = verdict->operations < static_cast<int>(looking.lines.size());
  if (!verdict->skipped.empty()) {
    result.how = absl::StrCat("skipped: ", verdict->skipped);
  } else if (verdict->first) {
    result.how = absl::StrCat("the kernel differs at record ", verdict->first->index, ": ",
                              verdict->first->details.front());
  } else if (endless) {
    result.confirmed = verdict->failed.empty() && run->hung;
    result.how = result.confirmed ? "the call never ends there either"
                                  : absl::StrCat("the call that never ends in the model: ",
                                                 run->failed.empty() ? "it ends" : run->failed);
  } else {
    result.confirmed = verdict->failed.empty() && verdict->varies.empty();
    result.how = result.confirmed ? absl::StrCat(verdict->compared, " records agree")
                                  : absl::StrCat(verdict->failed, verdict->varies);
  }
  return result;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return static_cast<bool>(file.flush());
}

// NAME.md, and NAME.c where system calls can do it.
absl::Status WritePage(const std::string& folder, const FindingRow& row, std::string_view at,
                       const Confirmation& confirmation) {
  const std::string path = folder + "/" + std::string(row.name);
  const auto page = FindingPageText(row, at, confirmation);
  if (!page.ok()) return page.status();
  const auto program = FindingProgram(row);
  if (!program.ok()) return program.status();
  if (!WriteFile(path + ".md", *page) || !WriteFile(path + ".c", *program)) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be written"));
  }
  return absl::OkStatus();
}

}  // namespace

int RunConformFindingsCommand(const ConformFindingsCommand& command, std::ostream& out,
                              std::ostream& err) {
  const auto fail = [&](const absl::Status& status) {
    err << "uffdsim: " << status.message() << "\n";
    return kExitBadInput;
  };
  ConformTarget target = command.target;
  std::string names;
  bool some = false;
  for (const FindingRow& row : Findings()) {
    absl::StrAppend(&names, names.empty() ? "" : " ", std::string(row.name));
    if (row.name.find(command.only) == std::string_view::npos) continue;
    some = true;
    const auto scenario = ParseScenario(row.name, row.scenario);
    if (!scenario.ok()) return fail(scenario.status());
    target.append += BootWords(*scenario);
  }
  if (!some) {
    return fail(absl::InvalidArgumentError(absl::StrCat(
        "--only ", command.only, ": no finding has that in its name; there are ", names)));
  }
  auto backend = OpenTarget(target);
  if (!backend.ok()) return fail(backend.status());
  std::error_code error;
  if (!command.folder.empty()) std::filesystem::create_directories(command.folder, error);
  int worst = kExitClean;
  for (const FindingRow& row : Findings()) {
    if (row.name.find(command.only) == std::string_view::npos) continue;
    const auto scenario = ParseScenario(row.name, row.scenario);
    if (!scenario.ok()) return fail(scenario.status());
    if (const auto program = FindingProgram(row); absl::IsInvalidArgument(program.status())) {
      out << absl::StrFormat("%-22s %s\n", row.name, program.status().message());
      continue;
    }
    const auto model = ConfirmFinding(row);
    if (!model.ok()) return fail(model.status());
    const auto confirmation = Confirm(*scenario, backend->get());
    if (!confirmation.ok()) return fail(confirmation.status());
    out << absl::StrFormat("%-22s %s\n", row.name, FindingSentence(row, *confirmation));
    out.flush();
    if (!confirmation->confirmed) worst = kExitFound;
    if (command.reproducers) {
      const auto reproduced = Reproduce(row, *confirmation, target.arch, backend->get());
      if (!reproduced.ok()) return fail(reproduced.status());
      out << absl::StrFormat("%-22s %s\n", "", *reproduced);
      if (reproduced->rfind("reproducer: the same", 0) != 0) worst = kExitFound;
      out.flush();
    }
    if (command.folder.empty()) continue;
    const absl::Status written = WritePage(command.folder, row, model->at, *confirmation);
    if (!written.ok()) return fail(written);
  }
  return worst;
}

}  // namespace uffdsim

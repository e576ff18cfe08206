#include "sim/conform/judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/conform/adapt.h"
#include "sim/conform/chance.h"
#include "sim/conform/model_run.h"
#include "sim/scenario/compare.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

std::vector<std::string> Operations(const Scenario& scenario) {
  std::vector<std::string> operations;
  for (const Line& line : scenario.lines) {
    if (line.kind == Line::Kind::kOperation) {
      operations.push_back(FormatStatement(line.statement));
    }
  }
  return operations;
}

// Why the executor refused an operation by itself; empty when it did not.
std::string CannotDo(const std::string& record) {
  if (record.find("\"status\":\"bad\"") == std::string::npos) return "";
  for (const char* reason :
       {"the process number is in use", "machine-wide", "no system call does this",
        "only the kernel maps such pages", "needs a mount", "needs a boot parameter",
        "too many operations sleep", "/proc/kcore cannot be read"}) {
    if (record.find(reason) != std::string::npos) return reason;
  }
  return "";
}

// For each operation whether the kernel's young bits say something.
std::vector<Young> YoungIn(const Scenario& scenario, const KernelRun& run) {
  std::vector<Young> young = YoungOfOperations(scenario);
  for (std::size_t i = run.reclaimed_from; i < young.size(); ++i) young[i] = Young::kReclaimLooked;
  return young;
}

absl::Status Compare(const Scenario& scenario, const KernelRun& kernel, const ModelRun& model,
                     Verdict* verdict) {
  const std::vector<std::string> operations = Operations(scenario);
  const std::vector<Young> young = YoungIn(scenario, kernel);
  const std::vector<Chance> chances = ChanceOfOperations(scenario, kernel.arch);
  verdict->operations = static_cast<int>(operations.size());
  verdict->differing = 0;
  verdict->first.reset();
  const bool adapts = !ShowsEverything(kernel);
  std::size_t count = std::min(kernel.records.size(), operations.size());
  // What no executor does, or must not do here: behind it the two sides are in different states.
  for (std::size_t i = 0; i < count; ++i) {
    const std::string reason = CannotDo(kernel.records[i]);
    if (reason.empty()) continue;
    if (i == 0) verdict->skipped = reason;
    verdict->varies = absl::StrCat(reason, ", from record ", i, " on");
    count = i;
  }
  for (std::size_t i = 0; i < count; ++i) {
    Divergence difference;
    difference.index = static_cast<int>(i);
    difference.operation = operations[i];
    difference.kernel = kernel.records[i];
    if (i < model.records.size()) {
      difference.model = model.records[i];
      if (adapts) Adapt(kernel, &difference.kernel, &difference.model);
      if (chances[i].Any()) {
        difference.kernel = WithoutChance(difference.kernel, chances[i]);
        difference.model = WithoutChance(difference.model, chances[i]);
      }
      auto details = CompareRecords(difference.kernel, difference.model, young[i]);
      if (!details.ok()) return details.status();
      difference.details = std::move(*details);
    } else {
      difference.details.push_back(absl::StrCat("the model has no record: ", model.died));
    }
    if (difference.details.empty()) continue;
    ++verdict->differing;
    if (!verdict->first) verdict->first = std::move(difference);
  }
  verdict->compared = static_cast<int>(count);
  return absl::OkStatus();
}

// Silence is no agreement: an executor says which kernel it is on and answers every operation, or
// says why not.
std::string Incomplete(const KernelRun& run, std::size_t operations) {
  if (run.cut || !run.failed.empty() || !run.skipped.empty()) return run.failed;
  if (run.kernel.empty()) return "the executor does not say which kernel it is on";
  if (run.records.size() == operations) return "";
  return absl::StrCat("the executor answered ", run.records.size(), " of ", operations,
                      " operations");
}

// Neither ended nor in a userfaultfd wait: what goes on there makes no progress.
bool NeverEnds(const std::string& record) {
  const std::size_t at = record.find("\"blocked_in\":\"");
  if (at == std::string::npos) return false;
  return record.find("\"handle_userfault\"", at) == std::string::npos &&
         record.find("\"userfaultfd_event_wait_completion\"", at) == std::string::npos;
}

// The first operation that a kernel would never end, as the model knows; -1 when there is none.
// Such a call spins in the kernel and takes the whole guest with it.
absl::StatusOr<int> Endless(const Scenario& scenario, Backend* backend) {
  if (backend->Arch().empty()) return -1;
  const auto identity = backend->Identity();
  if (!identity.ok()) return identity.status();
  const auto setting = SettingOf(*identity);
  if (!setting.ok()) return setting.status();
  const auto model = RunModel(scenario, *setting);
  if (!model.ok()) return model.status();
  for (std::size_t i = 0; i < model->records.size(); ++i) {
    if (NeverEnds(model->records[i])) return static_cast<int>(i);
  }
  return -1;
}

absl::StatusOr<Verdict> JudgeUpTo(const Scenario& scenario, int operations, Backend* backend,
                                  const JudgeOptions& options) {
  Scenario shorter;
  shorter.name = scenario.name;
  for (const Line& line : scenario.lines) {
    if (line.kind == Line::Kind::kOperation && operations-- == 0) break;
    shorter.lines.push_back(line);
  }
  return Judge(shorter, backend, options);
}

}  // namespace

int FirstVarying(const Scenario& scenario, const std::vector<KernelRun>& runs) {
  std::vector<std::vector<Young>> young;
  young.reserve(runs.size());
  for (const KernelRun& run : runs) young.push_back(YoungIn(scenario, run));
  const std::vector<Chance> chances = ChanceOfOperations(scenario, runs[0].arch);
  const auto shown = [&](const std::string& record, std::size_t i) {
    return chances[i].Any() ? WithoutChance(record, chances[i]) : record;
  };
  for (std::size_t i = 0; i < chances.size(); ++i) {
    for (std::size_t r = 1; r < runs.size(); ++r) {
      const bool first_has = i < runs[0].records.size();
      const bool other_has = i < runs[r].records.size();
      if (!first_has && !other_has) continue;
      if (first_has != other_has) return static_cast<int>(i);
      const auto details =
          CompareRecords(shown(runs[0].records[i], i), shown(runs[r].records[i], i),
                         std::max(young[0][i], young[r][i]));
      if (!details.ok() || !details->empty()) return static_cast<int>(i);
    }
  }
  return -1;
}

absl::StatusOr<Verdict> Judge(const Scenario& scenario, Backend* backend,
                              const JudgeOptions& options) {
  const std::size_t operations = Operations(scenario).size();
  if (operations == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(scenario.name, ": no operation in it; expected at least one"));
  }
  const auto endless = Endless(scenario, backend);
  if (!endless.ok()) return endless.status();
  if (*endless >= 0) return JudgeUpTo(scenario, *endless, backend, options);
  const std::string text = FormatScenario(scenario);
  auto kernel = backend->Run(scenario.name, text, RunOrder::kNewestFirst);
  if (!kernel.ok()) return kernel.status();
  Verdict verdict;
  verdict.name = scenario.name;
  verdict.kernel = kernel->kernel;
  verdict.skipped = kernel->skipped;
  verdict.failed = Incomplete(*kernel, operations);
  if (!verdict.skipped.empty()) return verdict;
  const auto setting = SettingOf(*kernel);
  if (!setting.ok()) return setting.status();
  auto model = RunModel(scenario, *setting);
  if (!model.ok()) return model.status();
  if (!model->died.empty()) {
    verdict.model_died = true;
    verdict.failed = absl::StrCat("the model's own check failed: ", model->died);
  }
  if (const absl::Status compared = Compare(scenario, *kernel, *model, &verdict); !compared.ok()) {
    return compared;
  }
  if (!verdict.first || options.repetitions < 2) return verdict;
  std::vector<KernelRun> runs = {*kernel};
  for (int i = 1; i < options.repetitions; ++i) {
    // One of them wakes in the other order: what changes then is the scheduler's choice.
    const RunOrder order = i == 1 ? RunOrder::kOldestFirst : RunOrder::kNewestFirst;
    auto again = backend->Run(scenario.name, text, order);
    if (!again.ok()) return again.status();
    runs.push_back(std::move(*again));
  }
  const int varying = FirstVarying(scenario, runs);
  if (varying < 0 || varying > verdict.first->index) return verdict;
  verdict.varies = absl::StrCat("the kernel's own records differ between repetitions from record ",
                                varying, " on");
  verdict.compared = varying;
  verdict.differing = 0;
  verdict.first.reset();
  return verdict;
}

}  // namespace uffdsim

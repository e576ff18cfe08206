#include "sim/conform/campaign.h"
#include "sim/conform/within.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/arch/arch.h"
#include "model/defect/catalogue.h"
#include "sim/conform/commands.h"
#include "sim/conform/forked.h"
#include "sim/conform/model_run.h"
#include "sim/explore/generate/generator.h"
#include "sim/explore/random.h"
#include "sim/explore/shrink.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr unsigned kDrawSeconds = 30;
constexpr char kDrawn[] = "drawn";

// In a process of its own: drawing runs the model, whose checks may fail.
absl::StatusOr<Scenario> DrawScenario(std::uint64_t seed, const KernelLacks& lacks) {
  const auto forked = RunForked(
      [&](int out) {
        GenerateOptions options;
        options.seed = seed;
        options.lacks = lacks;
        options.real_kernel = true;
        MachineConfig config;
        config.arch = FindArch("x86_64");
        auto steps = StepsOf(kConformProfile);
        if (!steps.ok()) return 1;
        config.steps = *std::move(steps);
        return WriteAll(out, FormatScenario(GenerateScenario(options, config))) ? 0 : 1;
      },
      kDrawSeconds);
  if (!forked.ok()) return forked.status();
  if (forked->code != 0) {
    return absl::InternalError(absl::StrCat("drawing seed ", seed, ": ", forked->output));
  }
  return ParseScenario(absl::StrCat(kDrawn, "-", seed), forked->output);
}

// What the kernel lacks need not be drawn: every scenario would be skipped.
KernelLacks LacksOf(const KernelRun& kernel) {
  const auto says = [&](const char* what) { return absl::StrContains(kernel.lacks, what); };
  KernelLacks lacks;
  lacks.rwp = (kernel.offered & uapi::kFeatureRwp) == 0;
  lacks.wp = (kernel.offered & uapi::kFeatureWp) == 0;
  lacks.minor = (kernel.offered & uapi::kFeatureMinorShmem) == 0;
  lacks.machine_wide = says("machine-wide");
  lacks.hugetlb = says("hugetlb");
  lacks.huge_settings = says("huge-settings");
  lacks.page_tables = says("page-tables");
  lacks.second_node = kernel.nodes.value_or(2) < 2;
  return lacks;
}

class Campaign {
 public:
  Campaign(const CampaignOptions& options, Backend* backend,
           const std::function<void(const CampaignFinding&)>& on_finding)
      : options_(options),
        backend_(*backend),
        on_finding_(on_finding),
        end_(std::chrono::steady_clock::now() + options.time) {}

  absl::StatusOr<CampaignResult> Run() {
    const auto kernel = backend_.Identity();
    if (!kernel.ok()) return kernel.status();
    kernel_ = *kernel;
    for (std::uint64_t i = 0; !Over(); ++i) {
      const std::uint64_t seed = SeedOf(options_.seed, i);
      const bool varies = !options_.corpus.empty() && i % 2 == 0;
      std::string category = kDrawn;
      absl::StatusOr<Scenario> scenario = Scenario{};
      if (varies) {
        const std::size_t base = seed % options_.corpus.size();
        category = options_.corpus[base].category;
        scenario = Vary(options_.corpus, base, seed);
      } else {
        scenario = DrawScenario(seed, LacksOf(kernel_));
      }
      if (!scenario.ok()) return scenario.status();
      if (const absl::Status done = Play(*scenario, category); !done.ok()) return done;
    }
    return std::move(result_);
  }

 private:
  bool Over() const {
    return std::chrono::steady_clock::now() >= end_ ||
           (options_.most_operations != 0 && operations_ >= options_.most_operations);
  }

  absl::Status Play(const Scenario& drawn, const std::string& category) {
    const Scenario scenario = WithinReach(drawn, kernel_);
    const bool any =
        std::any_of(scenario.lines.begin(), scenario.lines.end(),
                    [](const Line& line) { return line.kind == Line::Kind::kOperation; });
    if (!any) return absl::OkStatus();
    JudgeOptions judging;
    const auto verdict = Judge(scenario, &backend_, judging);
    if (!verdict.ok()) return verdict.status();
    CampaignRow& row = result_.rows[category];
    ++row.scenarios;
    row.operations += static_cast<std::uint64_t>(verdict->compared);
    operations_ += static_cast<std::uint64_t>(verdict->compared);
    row.skipped += verdict->skipped.empty() ? 0 : 1;
    if (!verdict->skipped.empty()) ++result_.skipped[verdict->skipped];
    row.varies += verdict->varies.empty() ? 0 : 1;
    row.failed += verdict->failed.empty() ? 0 : 1;
    if (!verdict->first && verdict->failed.empty()) return absl::OkStatus();
    row.divergences += verdict->first ? 1 : 0;
    return Shorten(scenario, *verdict, category);
  }

  absl::Status Shorten(const Scenario& scenario, const Verdict& verdict,
                       const std::string& category) {
    CampaignFinding finding{category, scenario, verdict};
    if (verdict.first && options_.shrink_runs != 0) {
      JudgeOptions once;
      once.repetitions = 1;
      ShrinkOptions shrinking;
      shrinking.most_runs = options_.shrink_runs;
      const auto fails = [&](const Scenario& candidate) {
        const auto judged = Judge(candidate, &backend_, once);
        return judged.ok() && judged->first && judged->failed.empty();
      };
      finding.scenario = Shrink(scenario, fails, shrinking).scenario;
      finding.scenario.name = scenario.name;
      // What is left must still be the model's doing, not chance.
      const auto judged = Judge(finding.scenario, &backend_, JudgeOptions{});
      if (!judged.ok()) return judged.status();
      if (judged->first) {
        finding.verdict = *judged;
      } else {
        finding.scenario = scenario;
      }
    }
    on_finding_(finding);
    result_.findings.push_back(std::move(finding));
    return absl::OkStatus();
  }

  const CampaignOptions& options_;
  Backend& backend_;
  const std::function<void(const CampaignFinding&)>& on_finding_;
  std::chrono::steady_clock::time_point end_;
  KernelRun kernel_;
  std::uint64_t operations_ = 0;
  CampaignResult result_;
};

}  // namespace

absl::StatusOr<CampaignResult> RunCampaign(
    const CampaignOptions& options, Backend* backend,
    const std::function<void(const CampaignFinding&)>& on_finding) {
  return Campaign(options, backend, on_finding).Run();
}

absl::StatusOr<std::vector<CorpusEntry>> LoadCorpus(const std::vector<std::string>& folders) {
  const auto files = ScenarioFiles(folders);
  if (!files.ok()) return files.status();
  std::vector<CorpusEntry> corpus;
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    if (!scenario.ok()) return scenario.status();
    CorpusEntry entry;
    const std::string name = std::filesystem::path(file).stem().string();
    const std::string number = name.substr(name.rfind('-') + 1);
    const bool numbered = number.find_first_not_of("0123456789") == std::string::npos;
    entry.category = numbered ? name.substr(0, name.rfind('-')) : "focused";
    for (const Line& line : scenario->lines) {
      if (line.kind == Line::Kind::kOperation) {
        entry.lines.push_back(FormatStatement(line.statement));
      }
    }
    if (!entry.lines.empty()) corpus.push_back(std::move(entry));
  }
  return corpus;
}

std::string CampaignText(const CampaignResult& result) {
  std::string text = absl::StrFormat("%-10s %9s %8s %10s %11s %8s %6s\n", "category", "scenarios",
                                     "skipped", "operations", "divergences", "varies", "failed");
  CampaignRow total;
  const auto print = [&](const std::string& name, const CampaignRow& row) {
    absl::StrAppendFormat(&text, "%-10s %9d %8d %10d %11d %8d %6d\n", name, row.scenarios,
                          row.skipped, row.operations, row.divergences, row.varies, row.failed);
  };
  for (const auto& [name, row] : result.rows) {
    print(name, row);
    total.scenarios += row.scenarios;
    total.skipped += row.skipped;
    total.operations += row.operations;
    total.divergences += row.divergences;
    total.varies += row.varies;
    total.failed += row.failed;
  }
  print("total", total);
  for (const auto& [reason, count] : result.skipped) {
    absl::StrAppendFormat(&text, "skipped: %d (%s)\n", count, reason);
  }
  return text;
}

}  // namespace uffdsim

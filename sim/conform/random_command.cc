// `uffdsim conform random`.
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "sim/conform/campaign.h"
#include "sim/conform/commands.h"
#include "sim/conform/report.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr int kClean = 0;
constexpr int kBadInput = 2;

void Save(const std::string& folder, const CampaignFinding& finding, std::ostream& out) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = absl::StrCat(folder, "/", finding.scenario.name, ".scn");
  std::ofstream file(path);
  file << FormatScenario(finding.scenario);
  out << VerdictText(finding.verdict) << "    scenario: " << path << "\n";
  out.flush();
}

}  // namespace

int RunConformRandomCommand(const ConformRandomCommand& command, std::ostream& out,
                            std::ostream& err) {
  CampaignOptions options;
  options.seed = command.seed;
  options.time = std::chrono::seconds(static_cast<std::int64_t>(command.minutes * 60));
  options.most_operations = command.operations;
  options.shrink_runs = command.shrink_runs;
  if (!command.corpus.empty()) {
    auto corpus = LoadCorpus(command.corpus);
    if (!corpus.ok()) {
      err << "uffdsim: " << corpus.status().message() << "\n";
      return kBadInput;
    }
    options.corpus = *std::move(corpus);
  }
  auto backend = OpenTarget(command.target);
  if (!backend.ok()) {
    err << "uffdsim: " << backend.status().message() << "\n";
    return kBadInput;
  }
  const auto result = RunCampaign(options, backend->get(), [&](const CampaignFinding& finding) {
    Save(command.results, finding, out);
  });
  if (!result.ok()) {
    err << "uffdsim: " << result.status().message() << "\n";
    return kBadInput;
  }
  out << CampaignText(*result);
  int worst = kClean;
  for (const CampaignFinding& finding : result->findings) {
    worst = WorseStatus(worst, ExitStatus(finding.verdict));
  }
  return worst;
}

}  // namespace uffdsim

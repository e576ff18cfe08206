// `uffdsim conform random`.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "sim/conform/campaign.h"
#include "sim/conform/commands.h"
#include "sim/conform/report.h"
#include "sim/scenario/format.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

// A scenario that cannot be written is shown: it is not lost.
void Save(const std::string& folder, const CampaignFinding& finding, std::ostream& out) {
  const std::string path = absl::StrCat(folder, "/", finding.scenario.name, ".scn");
  const std::string text = FormatScenario(finding.scenario);
  std::ofstream file(path, std::ios::binary);
  file << text;
  out << VerdictText(finding.verdict);
  if (file.flush()) {
    out << "    scenario: " << path << "\n";
  } else {
    out << "    scenario (" << path << " cannot be written):\n" << text;
  }
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
      return kExitBadInput;
    }
    options.corpus = *std::move(corpus);
  }
  // Before the long run: whether its results have a place.
  std::error_code error;
  std::filesystem::create_directories(command.results, error);
  if (error || access(command.results.c_str(), W_OK) != 0) {
    err << "uffdsim: --results " << command.results << ": not a folder that can be written to\n";
    return kExitBadInput;
  }
  auto backend = OpenTarget(command.target);
  if (!backend.ok()) {
    err << "uffdsim: " << backend.status().message() << "\n";
    return kExitBadInput;
  }
  const auto result = RunCampaign(options, backend->get(), [&](const CampaignFinding& finding) {
    Save(command.results, finding, out);
  });
  if (!result.ok()) {
    err << "uffdsim: " << result.status().message() << "\n";
    return kExitBadInput;
  }
  out << CampaignText(*result);
  int worst = kExitClean;
  for (const CampaignFinding& finding : result->findings) {
    worst = WorseStatus(worst, ExitStatus(finding.verdict));
  }
  return worst;
}

}  // namespace uffdsim

// `uffdsim check findings`: what Linux 7.3.4 itself does wrong, each confirmed by running it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "model/base/near_match.h"
#include "sim/cli/check_command.h"
#include "sim/explore/findings.h"
#include "sim/scenario/json.h"

namespace uffdsim {
namespace {

struct Settings {
  std::string only;
  bool json = false;
};

void PrintText(const FindingResult& result) {
  const FindingRow& row = *result.row;
  std::cout << row.name << ": " << row.invariant
            << (result.reproduced && result.repaired ? ", confirmed\n" : ", NOT CONFIRMED\n");
  std::cout << "  " << row.explanation << "\n";
  std::cout << "  kernel    " << row.kernel << "\n";
  std::cout << "  defect    " << row.defect << "\n";
  if (result.reproduced) std::cout << "  seen at   " << result.at << "\n";
  if (!result.reproduced) std::cout << "  linux-7.3.4 does not break it any more\n";
  for (const std::string& broken : result.in_ideal) {
    std::cout << "  the ideal kernel breaks " << broken << "\n";
  }
  std::string_view text = row.scenario;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::cout << "    | " << text.substr(0, end) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string Json(const std::vector<FindingResult>& results) {
  JsonWriter j;
  j.Array([&] {
    for (const FindingResult& result : results) {
      j.Object([&] {
        j.Field("name", std::string(result.row->name));
        j.Field("invariant", std::string(result.row->invariant));
        j.Field("defect", std::string(result.row->defect));
        j.Field("kernel", std::string(result.row->kernel));
        j.Field("explanation", std::string(result.row->explanation));
        j.Field("status", result.reproduced && result.repaired ? "confirmed" : "not confirmed");
        j.Field("at", result.at);
        j.Field("scenario", std::string(result.row->scenario));
      });
    }
  });
  return j.text();
}

int Run(const Settings& settings) {
  std::vector<FindingResult> results;
  int exit_code = 0;
  for (const FindingRow& row : Findings()) {
    if (!settings.only.empty() && row.name != settings.only) continue;
    const auto result = ConfirmFinding(row);
    if (!result.ok()) {
      std::cerr << result.status().message() << "\n";
      return 2;
    }
    if (!result->reproduced || !result->repaired) exit_code = 1;
    results.push_back(*result);
  }
  if (results.empty()) {
    std::vector<std::string_view> known;
    for (const FindingRow& row : Findings()) known.push_back(row.name);
    std::cerr << "unknown finding '" << settings.only << "'" << DidYouMean(settings.only, known)
              << "\n";
    return 2;
  }
  if (settings.json) {
    std::cout << Json(results) << "\n";
    return exit_code;
  }
  for (const FindingResult& result : results) PrintText(result);
  std::cout << results.size() << (results.size() == 1 ? " finding" : " findings") << "\n";
  return exit_code;
}

}  // namespace

void AddCheck_findings(CLI::App& check, int* exit_code) {
  CLI::App* command = check.add_subcommand(
      "findings", "List what Linux 7.3.4 itself does wrong, and confirm each by running it");
  auto settings = std::make_shared<Settings>();
  command->add_option("--only", settings->only, "one finding by name");
  command->add_flag("--json", settings->json, "as one JSON document");
  command->callback([settings, exit_code] { *exit_code = Run(*settings); });
}

}  // namespace uffdsim

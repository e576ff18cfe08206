#include "sim/cli/check_failure.h"

#include <iostream>
#include <utility>

#include "sim/explore/failure.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

bool Succeeded(const absl::Status& status) {
  if (!status.ok()) std::cerr << "uffdsim: " << status.message() << "\n";
  return status.ok();
}

}  // namespace

absl::StatusOr<FailureFiles> FailureFiles::Create(const std::string& scenario,
                                                  const std::string& json) {
  FailureFiles files;
  files.scenario_path_ = scenario;
  files.json_path_ = json;
  auto scenario_file = CreateIfAsked(scenario);
  if (!scenario_file.ok()) return scenario_file.status();
  auto json_file = CreateIfAsked(json);
  if (!json_file.ok()) return json_file.status();
  files.scenario_ = *std::move(scenario_file);
  files.json_ = *std::move(json_file);
  return files;
}

int FailureFiles::Report(const Scenario& scenario, const std::string& unnamed, std::ostream& out) {
  const std::string content = FormatScenario(scenario);
  const bool asked = scenario_ != nullptr;
  const std::string& path = asked ? scenario_path_ : unnamed;
  const bool written =
      Succeeded(asked ? CommitIfAsked(scenario_.get(), content) : WriteIfAsked(unnamed, content));
  const std::string replayed = written ? path : "";
  const auto text = FailureText(scenario, replayed);
  if (Succeeded(text.status())) out << *text;
  if (!written) out << "\nthe scenario, which could not be written:\n\n" << content;
  if (json_ == nullptr) return kExitViolation;
  const auto json = FailureJson(scenario, replayed);
  if (Succeeded(json.status())) Succeeded(CommitIfAsked(json_.get(), *json + "\n"));
  return kExitViolation;
}

}  // namespace uffdsim

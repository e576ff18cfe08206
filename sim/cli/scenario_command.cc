#include "sim/cli/scenario_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "sim/cli/scenario_export.h"
#include "sim/scenario/commands.h"

namespace uffdsim {

void AddScenario(CLI::App& app, int* exit_code) {
  CLI::App* scenario = app.add_subcommand("scenario", "Scenarios: small programs for the model");
  scenario->require_subcommand(1);
  AddScenarioExport(*scenario, exit_code);

  struct RunState {
    ScenarioRunSettings settings;
    bool json = false;
    bool check = false;
  };
  auto run = std::make_shared<RunState>();
  CLI::App* sub = scenario->add_subcommand("run", "Run scenarios and judge their expectations");
  sub->add_option("files", run->settings.files, "scenario files, or -")->required();
  sub->add_option("--arch", run->settings.arch, "architecture, or all; default: the scenario's");
  sub->add_option("--profile", run->settings.profile, "kernel profile; default: the scenario's");
  sub->add_option("--defect", run->settings.defects, "a seeded defect, beside the scenario's own")
      ->allow_extra_args(false);
  sub->add_flag("--json", run->json, "records as JSON lines");
  sub->add_flag("--check", run->check, "let the referee watch: exit 1 when an invariant is broken");
  sub->callback([run, exit_code] {
    if (run->check) run->settings.checking = Checking::kAlways;
    if (run->json) run->settings.form = OutputForm::kJson;
    *exit_code = RunScenarioCommand(run->settings, std::cout, std::cerr);
  });

  struct ExplainState {
    ExplainSettings settings;
    bool json = false;
    bool all = false;
  };
  auto explain = std::make_shared<ExplainState>();
  sub = scenario->add_subcommand("explain", "What each step of each path does to the page tables");
  sub->add_option("files", explain->settings.files, "scenario files, or -")->required();
  sub->add_option("--arch", explain->settings.arch, "architecture; default: the scenario's");
  sub->add_option("--profile", explain->settings.profile,
                  "kernel profile; default: the scenario's");
  sub->add_flag("--all", explain->all, "also the steps that change no entry");
  sub->add_flag("--json", explain->json, "records with their steps, as JSON lines");
  sub->callback([explain, exit_code] {
    if (explain->all) explain->settings.steps = StepsShown::kAll;
    if (explain->json) explain->settings.form = OutputForm::kJson;
    *exit_code = ExplainScenarioCommand(explain->settings, std::cout, std::cerr);
  });

  struct FormatState {
    std::vector<std::string> files;
    bool write = false;
    bool check = false;
  };
  auto format = std::make_shared<FormatState>();
  sub = scenario->add_subcommand("format", "Print scenarios in normal form");
  sub->add_option("files", format->files, "scenario files, or -")->required();
  CLI::Option* write = sub->add_flag("--write", format->write, "rewrite the files");
  sub->add_flag("--check", format->check, "only say which files differ")->excludes(write);
  sub->callback([format, exit_code] {
    FormatAction action = format->write ? FormatAction::kRewrite : FormatAction::kPrint;
    if (format->check) action = FormatAction::kCheck;
    *exit_code = FormatScenarioCommand(format->files, action, std::cout, std::cerr);
  });
}

}  // namespace uffdsim

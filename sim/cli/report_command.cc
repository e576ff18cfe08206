// `uffdsim report RESULT...`: one HTML file with charts.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "sim/cli/laboratory.h"
#include "sim/cli/outcome.h"
#include "sim/cli/output_file.h"
#include "sim/report/report.h"
#include "sim/report/verdict.h"

namespace uffdsim {
namespace {

struct ReportCommand {
  std::vector<std::string> results;
  std::string output;
  std::string svg_folder;
  std::string png_folder;
  std::string chromium = "chromium";
};

absl::Status WriteCharts(const std::string& html, ChartFormat format, const std::string& folder,
                         const std::string& chromium) {
  if (folder.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<ChartFile>> files = DrawCharts(html, format, chromium);
  if (!files.ok()) return files.status();
  for (const ChartFile& file : *files) {
    const std::string path = (std::filesystem::path(folder) / file.name).string();
    absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(path);
    if (!output.ok()) return output.status();
    absl::Status status = (*output)->Commit(file.content);
    if (!status.ok()) return status;
    std::cout << path << "\n";
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunReportCommand(const ReportCommand& command) {
  absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(command.output);
  if (!output.ok()) return output.status();
  std::vector<ResultJson> results;
  for (const std::string& path : command.results) {
    const absl::StatusOr<std::string> text = ReadWholeFile(path);
    if (!text.ok()) return text.status();
    absl::StatusOr<ResultJson> result = ParseResult(*text, path);
    if (!result.ok()) return result.status();
    results.push_back(*std::move(result));
  }
  const std::string html = ReportHtml(results);
  absl::Status status = (*output)->Commit(html);
  if (!status.ok()) return status;
  for (const VerdictSentence& sentence : VerdictOf(results)) std::cout << sentence.text << "\n";
  std::cout << command.output << "\n";
  status = WriteCharts(html, ChartFormat::kSvg, command.svg_folder, command.chromium);
  if (!status.ok()) return status;
  status = WriteCharts(html, ChartFormat::kPng, command.png_folder, command.chromium);
  if (!status.ok()) return status;
  return 0;
}

}  // namespace

void AddReport(CLI::App& app, int* exit_code) {
  auto command = std::make_shared<ReportCommand>();
  CLI::App* sub = app.add_subcommand("report", "One HTML file with charts, from results");
  sub->add_option("results", command->results, "JSON documents of replay, sweep and mrc")
      ->required();
  sub->add_option("-o,--output", command->output, "HTML file to write")->required();
  sub->add_option("--svg", command->svg_folder, "also write each chart there, for papers");
  sub->add_option("--png", command->png_folder, "also write each chart there, as pixels");
  sub->add_option("--chromium", command->chromium, "the browser that draws them")
      ->capture_default_str();
  sub->callback([command, exit_code] { *exit_code = ExitCodeOf(RunReportCommand(*command)); });
}

}  // namespace uffdsim

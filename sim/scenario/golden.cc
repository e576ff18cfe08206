// Recordings on disk: folders, manifests and the list of explained differences.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "sim/scenario/compare.h"
#include "sim/scenario/tokens.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

using nlohmann::json;

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

absl::StatusOr<std::vector<GoldenCase>> LoadGoldenFolder(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/manifest.json");
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  const json manifest = json::parse(file, nullptr, false);
  if (!manifest.is_object())
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a JSON object"));
  const std::string group = std::filesystem::path(folder).filename().string();
  std::vector<GoldenCase> cases;
  for (const auto& [name, row] : manifest.items()) {
    GoldenCase golden;
    golden.name = absl::StrCat(group, "/", name);
    golden.scenario = absl::StrCat(folder, "/", name, ".scn");
    golden.recording = absl::StrCat(folder, "/", name, ".jsonl");
    golden.comparable = row.value("comparable", 0);
    golden.operations = row.value("operations", 0);
    golden.why = row.value("why", "");
    cases.push_back(std::move(golden));
  }
  return cases;
}

absl::StatusOr<Recording> LoadRecording(const std::string& path) {
  auto lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  if (lines->size() < 2) return absl::InvalidArgumentError(absl::StrCat(path, ": too short"));
  const json first = json::parse(lines->front(), nullptr, false);
  if (!first.is_object() || !first.contains("arch")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1:1: expected {\"kernel\",\"arch\",..}"));
  }
  Recording recording;
  recording.arch = first.value("arch", "");
  if (first.contains("nodes")) recording.nodes = first.value("nodes", std::uint32_t{0});
  recording.records.assign(lines->begin() + 1, lines->end() - 1);
  return recording;
}

absl::StatusOr<std::vector<Explained>> LoadExplained(const std::string& path) {
  const auto lines = ReadLines(path);
  if (!lines.ok()) return lines.status();
  std::vector<Explained> rows;
  ParseErrors errors(path);
  for (std::size_t i = 0; i < lines->size(); ++i) {
    const TokenLine line = Tokenise(static_cast<int>(i) + 1, (*lines)[i]);
    if (line.tokens.empty()) continue;
    Explained row;
    row.line = line.number;
    row.name = std::string(line.tokens[0].text);
    const std::string_view range = line.tokens.size() > 1 ? line.tokens[1].text : "";
    const std::size_t dash = range.find('-');
    const auto first = ParseNumber(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : ParseNumber(range.substr(dash + 1));
    if (!first || !last || line.tokens.size() < 3) {
      errors.Add(line.number, line.tokens[0].column, "expected: NAME FIRST[-LAST] REASON");
      continue;
    }
    row.first = static_cast<int>(*first);
    row.last = static_cast<int>(*last);
    row.reason = std::string(line.text.substr(static_cast<std::size_t>(line.tokens[2].column) - 1));
    rows.push_back(std::move(row));
  }
  if (!errors.empty()) return absl::InvalidArgumentError(errors.Text());
  return rows;
}

}  // namespace uffdsim

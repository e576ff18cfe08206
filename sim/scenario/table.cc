#include "sim/scenario/table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kOperationWidth = 44;

std::string Plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// "ret 4  values 17*4": what a record says beside the fields that stand in columns of their own.
std::string Answers(const Json& record) {
  std::string text;
  for (const auto& [key, value] : record.items()) {
    if (key == "i" || key == "process" || key == "op" || key == "status" || key == "resumed" ||
        key == "messages" || key == "auto_resolved" || key == "violations" || key == "processes" ||
        key == "aliases") {
      continue;
    }
    if (key == "ret" && value == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : "  ");
    if (key != "errno" && key != "signal" && key != "code" && key != "blocked_in") {
      absl::StrAppend(&text, key, " ");
    }
    if (key == "values" || key == "nodes") {
      for (const Json& run : value) {
        absl::StrAppend(&text, Plain(run[0]), run[1] == 1 ? "" : "*" + run[1].dump(), " ");
      }
      if (!text.empty() && text.back() == ' ') text.pop_back();
    } else {
      absl::StrAppend(&text, Plain(value));
    }
  }
  return text;
}

std::string RecordLine(const Json& record, const std::string& operation) {
  std::string line =
      absl::StrFormat("%3d  %-*s %s", record.value("i", 0), static_cast<int>(kOperationWidth),
                      operation, record.value("status", std::string()));
  if (const std::string answers = Answers(record); !answers.empty()) {
    absl::StrAppend(&line, "  ", answers);
  }
  return line + "\n";
}

std::string MessageLine(const Json& message) {
  std::string line = "       message";
  for (const auto& item : message.items()) absl::StrAppend(&line, " ", Plain(item.value()));
  return line + "\n";
}

void AppendRegion(const std::string& name, const Json& region, std::string* out) {
  for (const Json& vma : region["vmas"]) {
    absl::StrAppendFormat(out, "       %s:%d+%d  %s  %s  rss %d swap %d anon %d huge %d\n", name,
                          vma.value("page", 0), vma.value("count", 0), vma.value("prot", ""),
                          vma.value("flags", ""), vma.value("rss", 0), vma.value("swap", 0),
                          vma.value("anon", 0), vma.value("huge", 0));
  }
  for (const Json& run : region["pages"]) {
    absl::StrAppendFormat(out, "         %-12s %s  %s  %s  %-12s %s\n",
                          absl::StrCat(run.value("page", 0), "+", run.value("count", 0)),
                          run.value("pagemap", ""), run.value("scan", ""),
                          run.value("mincore", 0) == 1 ? "in core" : "-      ",
                          run.value("entry", ""), run.value("frame", ""));
  }
}

std::string ObservationText(const Json& record) {
  std::string text;
  for (const Json& process : record["processes"]) {
    absl::StrAppendFormat(&text, "     process %d", process.value("process", 0));
    for (const auto& [name, uffd] : process["uffd"].items()) {
      absl::StrAppendFormat(&text, "  %s pending %d total %d features %s", name,
                            uffd.value("pending", 0), uffd.value("total", 0),
                            uffd.value("features", ""));
    }
    text += '\n';
    for (const auto& [name, region] : process["regions"].items()) AppendRegion(name, region, &text);
  }
  if (const auto aliases = record.find("aliases"); aliases != record.end()) {
    for (const Json& alias : *aliases) {
      absl::StrAppend(&text, "     shared by ", alias[1].dump(), " for ", alias[0].dump(), ":");
      for (std::size_t i = 2; i < alias.size(); ++i) absl::StrAppend(&text, " ", Plain(alias[i]));
      text += '\n';
    }
  }
  return text;
}

std::string RecordText(const std::string& json, const std::string& operation) {
  const Json record = Json::parse(json);
  std::string text = RecordLine(record, operation);
  if (const auto messages = record.find("messages"); messages != record.end()) {
    for (const Json& message : *messages) text += MessageLine(message);
  }
  if (const auto resumed = record.find("resumed"); resumed != record.end()) {
    for (const Json& earlier : *resumed) {
      absl::StrAppend(&text, "       resumed [", earlier.value("i", 0), "] ",
                      earlier.value("op", ""), " ", earlier.value("status", ""), "  ",
                      Answers(earlier), "\n");
    }
  }
  if (const auto resolved = record.find("auto_resolved"); resolved != record.end()) {
    for (const Json& row : *resolved) {
      absl::StrAppend(&text, "       resolved ", row.value("at", ""), " ", row.value("flags", ""),
                      " by ", row.value("action", ""), "\n");
    }
  }
  if (record.contains("processes")) text += ObservationText(record);
  return text;
}

}  // namespace

std::string FailureText(const Scenario& scenario, const RunResult& result) {
  std::string text;
  for (const Failure& failure : result.failures) {
    absl::StrAppend(&text, scenario.name, ":", failure.line, ": ", failure.expected, "  [",
                    result.arch, "]\n    found: ", failure.actual, "\n");
  }
  return text;
}

std::string RunTable(const Scenario& scenario, const RunResult& result) {
  std::string text =
      absl::StrCat(scenario.name, "  ", result.arch, "  profile ", result.profile, "\n");
  std::map<int, std::string> operations;  // by line
  for (const Line& line : scenario.lines) {
    if (line.kind == Line::Kind::kOperation) {
      operations[line.number] = FormatStatement(line.statement);
    }
  }
  for (const Record& record : result.records) {
    text += RecordText(record.json, operations[record.line]);
    for (const RecordViolation& violation : record.violations) {
      absl::StrAppend(
          &text, "     ! ", violation.invariant, " at ", violation.at, " in ", violation.step, ": ",
          violation.sentence, "\n       ", violation.detail,
          violation.before.empty() && violation.after.empty()
              ? std::string()
              : absl::StrCat("; ", violation.before, " -> ", violation.after),
          violation.kernel.empty() ? std::string() : absl::StrCat("; ", violation.kernel), "\n");
    }
  }
  if (result.violations != 0) {
    absl::StrAppend(&text, result.violations, " violations that the scenario does not expect\n");
  }
  if (result.expectations != 0) {
    const auto failed = static_cast<int>(result.failures.size());
    absl::StrAppend(&text, result.expectations - failed, " of ", result.expectations,
                    " expectations hold\n");
  }
  return text;
}

}  // namespace uffdsim

#include "sim/conform/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

using nlohmann::json;

constexpr std::size_t kDetailsShown = 12;
constexpr std::size_t kColumn = 58;

// The parts of a record: one element a line, as deep as lists of runs.
void Unfold(const json& value, const std::string& path, std::vector<std::string>* lines) {
  const bool leaf = !value.is_structured() || value.empty() ||
                    (value.is_array() && !value.front().is_object()) ||
                    (value.is_object() && value.contains("pagemap"));
  if (leaf) {
    lines->push_back(absl::StrCat(path, " ", value.dump()));
    return;
  }
  for (const auto& item : value.items()) {
    Unfold(item.value(), path.empty() ? item.key() : absl::StrCat(path, ".", item.key()), lines);
  }
}

std::vector<std::string> Parts(const std::string& record) {
  std::vector<std::string> lines;
  const json value = json::parse(record, nullptr, false);
  if (value.is_object()) Unfold(value, "", &lines);
  return lines;
}

std::string Cut(const std::string& text) {
  return text.size() <= kColumn ? text : text.substr(0, kColumn - 2) + "..";
}

// Lines that both have are left out, except that nothing is shown as agreement by silence: only
// differing parts stand in the table.
std::string SideBySide(const Divergence& divergence) {
  const std::vector<std::string> kernel = Parts(divergence.kernel);
  const std::vector<std::string> model = Parts(divergence.model);
  std::vector<std::string> left;
  std::vector<std::string> right;
  const auto only = [](const std::vector<std::string>& from, const std::vector<std::string>& other,
                       std::vector<std::string>* out) {
    for (const std::string& line : from) {
      if (std::find(other.begin(), other.end(), line) == other.end()) out->push_back(line);
    }
  };
  only(kernel, model, &left);
  only(model, kernel, &right);
  std::string text =
      absl::StrFormat("    %-*s | %s\n", static_cast<int>(kColumn), "kernel", "model");
  for (std::size_t i = 0; i < std::min(std::max(left.size(), right.size()), kDetailsShown); ++i) {
    absl::StrAppendFormat(&text, "    %-*s | %s\n", static_cast<int>(kColumn),
                          i < left.size() ? Cut(left[i]) : "",
                          i < right.size() ? Cut(right[i]) : "");
  }
  return text;
}

}  // namespace

void ConformTotals::Add(const Verdict& verdict) {
  ++scenarios;
  compared += verdict.compared;
  if (!verdict.kernel.empty()) kernel = verdict.kernel;
  if (!verdict.skipped.empty()) {
    ++skipped[verdict.skipped];
  } else if (verdict.first) {
    ++diverge;
  } else if (!verdict.failed.empty()) {
    ++failed;
  } else {
    ++agree;
    cut_short += verdict.varies.empty() ? 0 : 1;
  }
}

std::string VerdictText(const Verdict& v) {
  if (!v.skipped.empty()) return absl::StrFormat("%-44s skipped: %s\n", v.name, v.skipped);
  std::string text;
  if (!v.first) {
    absl::StrAppendFormat(&text, "%-44s %3d of %3d records agree%s\n", v.name, v.compared,
                          v.operations, v.varies.empty() ? "" : "; " + v.varies);
  } else {
    const Divergence& d = *v.first;
    absl::StrAppendFormat(&text, "%-44s DIVERGES at record %d: %s\n", v.name, d.index, d.operation);
    for (std::size_t i = 0; i < std::min(d.details.size(), kDetailsShown); ++i) {
      absl::StrAppend(&text, "    ", d.details[i], "\n");
    }
    absl::StrAppend(&text, SideBySide(d));
  }
  if (!v.failed.empty()) absl::StrAppend(&text, "    FAILED: ", v.failed, "\n");
  return text;
}

std::string VerdictJson(const Verdict& v) {
  json out = {{"name", v.name},
              {"kernel", v.kernel},
              {"operations", v.operations},
              {"compared", v.compared},
              {"differing", v.differing}};
  if (!v.skipped.empty()) out["skipped"] = v.skipped;
  if (!v.failed.empty()) out["failed"] = v.failed;
  if (!v.varies.empty()) out["varies"] = v.varies;
  if (v.first) {
    out["divergence"] = {{"i", v.first->index},
                         {"operation", v.first->operation},
                         {"details", v.first->details},
                         {"kernel", json::parse(v.first->kernel, nullptr, false)},
                         {"model", json::parse(v.first->model, nullptr, false)}};
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string TotalsText(const ConformTotals& totals, const std::string& backend) {
  std::string text = absl::StrFormat(
      "%d scenarios on %s%s%s: %d agree, %d diverge, %d failed; %d records compared",
      totals.scenarios, backend, totals.kernel.empty() ? "" : ", ", totals.kernel, totals.agree,
      totals.diverge, totals.failed, totals.compared);
  if (totals.cut_short != 0) {
    absl::StrAppend(&text, "; in ", totals.cut_short,
                    " the kernel's own records vary from some record on");
  }
  text += "\n";
  for (const auto& [reason, count] : totals.skipped) {
    absl::StrAppend(&text, "skipped: ", count, " (", reason, ")\n");
  }
  return text;
}

int ExitStatus(const Verdict& verdict) {
  if (verdict.model_died) return kExitSimulatorBug;
  if (verdict.first) return kExitFound;
  return verdict.failed.empty() ? kExitClean : kExitBadInput;
}

int WorseStatus(int a, int b) {
  for (const int status : {kExitSimulatorBug, kExitFound, kExitBadInput}) {
    if (a == status || b == status) return status;
  }
  return kExitClean;
}

}  // namespace uffdsim

#include <algorithm>
#include <iomanip>
#include <span>

#include "absl/strings/str_cat.h"
#include "model/arch/catalogue.h"
#include "model/base/near_match.h"
#include "model/defect/catalogue.h"
#include "model/op/choices.h"
#include "model/path/sites.h"
#include "nlohmann/json.hpp"
#include "sim/cli/commands.h"
#include "sim/explore/alphabet.h"
#include "sim/replay/replay.h"
#include "traces/formats.h"

namespace uffdsim {
namespace {

struct Named {
  std::string name;
  std::string sentence;
};

template <class Rows>
std::vector<Named> NamesOf(const Rows& rows) {
  std::vector<Named> named;
  named.reserve(rows.size());
  for (const auto& row : rows) named.push_back({std::string(row.name), std::string(row.sentence)});
  return named;
}

std::vector<Named> ListArchs() { return NamesOf(ArchFamilies()); }
std::vector<Named> ListConfigurations() {
  std::vector<Named> named;
  for (const Arch* arch : AllArchs()) {
    named.push_back(
        {std::string(arch->name()),
         absl::StrCat("pages of ", 1ULL << arch->geometry().page_shift, " bytes, ",
                      static_cast<int>(arch->geometry().levels), " levels, ",
                      arch->SupportsUffd() ? "userfaultfd WP and RWP" : "no userfaultfd bit")});
  }
  return named;
}
std::vector<Named> ListProfiles() { return NamesOf(Profiles()); }
std::vector<Named> ListSites() { return NamesOf(SiteRows()); }
std::vector<Named> ListDefects() {
  std::vector<Named> named;
  for (const auto rows : {Defects(), DerivedDefects()}) {
    for (const DefectRow& row : rows)
      named.push_back({std::string(row.id), std::string(row.sentence)});
  }
  return named;
}
std::vector<Named> ListAlphabets() { return NamesOf(Alphabets()); }
std::vector<Named> ListTrackers() { return NamesOf(Trackers()); }
std::vector<Named> ListArming() { return NamesOf(ArmingStrategies()); }
std::vector<Named> ListPolicies() { return NamesOf(Policies()); }
std::vector<Named> ListStores() { return NamesOf(Stores()); }
std::vector<Named> ListCosts() { return NamesOf(CostRows()); }
std::vector<Named> ListFormats() { return NamesOf(TraceFormats()); }
std::vector<Named> ListOptions() { return NamesOf(ReplayOptionRows()); }
std::vector<Named> ListMetrics() { return NamesOf(ReplayMetricRows()); }
std::vector<Named> ListSeries() { return NamesOf(SeriesRows()); }
std::vector<Named> ListOperations() {
  return {
#define OPERATION(name, sentence) {#name, sentence},
#include "model/op/operations.def"
#undef OPERATION
  };
}
std::vector<Named> ListPaths() {
  std::vector<Named> named;
  for (std::size_t i = 0; i < kPathCount; ++i) {
    const auto id = static_cast<PathId>(i);
    named.push_back({GetPath(id).name, std::string(PathSentence(id))});
  }
  return named;
}
std::vector<Named> ListChoices() {
  std::vector<Named> named;
  named.reserve(std::size(kChoices));
  for (const ChoiceRow& row : kChoices)
    named.push_back({std::string(row.name), std::string(row.sentence)});
  return named;
}

struct Axis {
  std::string_view name;
  std::string_view sentence;
  std::vector<Named> (*list)();
};

constexpr Axis kAxes[] = {
#define AXIS(name, function, sentence) {name, sentence, &function},
#include "sim/cli/axes.def"
#undef AXIS
};

void Print(const std::vector<Named>& rows, OutputShape shape, std::ostream& out) {
  if (shape == OutputShape::kJson) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const Named& row : rows) json.push_back({{"name", row.name}, {"sentence", row.sentence}});
    out << json.dump(1) << "\n";
    return;
  }
  std::size_t width = 0;
  for (const Named& row : rows) width = std::max(width, row.name.size());
  for (const Named& row : rows) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << row.name << row.sentence << "\n";
  }
}

}  // namespace

absl::Status ListCommand(const std::string& axis, OutputShape shape, std::ostream& out) {
  if (axis.empty()) {
    Print(NamesOf(std::span(kAxes)), shape, out);
    return absl::OkStatus();
  }
  std::vector<std::string_view> known;
  for (const Axis& row : kAxes) {
    known.push_back(row.name);
    if (row.name != axis) continue;
    Print(row.list(), shape, out);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown axis '", axis, "'", DidYouMean(axis, known)));
}

}  // namespace uffdsim

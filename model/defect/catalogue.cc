#include "model/defect/catalogue.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "model/base/near_match.h"
#include "model/defect/defects.h"
#include "model/defect/versions.h"

namespace uffdsim {
namespace {

constexpr DefectRow kDefects[] = {
#define DEFECT(id, symbol, sentence, reference, versions, promise, shows, kernel, needs) \
  {id, sentence, reference, versions, promise, shows, kernel, needs, &defect::symbol},
#include "model/defect/defects.def"
#undef DEFECT
};

constexpr ProfileRow kProfiles[] = {
#define PROFILE(name, kernel, sentence) {name, kernel, sentence},
#include "model/defect/profiles.def"
#undef PROFILE
};

const DefectRow* FindIn(std::span<const DefectRow> rows, std::string_view id) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const DefectRow& row) { return row.id == id; });
  return found == rows.end() ? nullptr : &*found;
}

absl::Status UnknownDefect(std::string_view id) {
  std::vector<std::string_view> known;
  for (const DefectRow& row : Defects()) known.push_back(row.id);
  for (const DefectRow& row : DerivedDefects()) known.push_back(row.id);
  // The whole catalogue would bury the message.
  if (NearMatches(id, known).empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown defect '", std::string(id),
                                                   "'; `uffdsim list defects` names them all"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown defect '", std::string(id), "'", DidYouMean(id, known)));
}

absl::Status UnknownProfile(std::string_view name) {
  std::vector<std::string_view> known;
  for (const ProfileRow& row : Profiles()) known.push_back(row.name);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown profile '", std::string(name), "'", DidYouMean(name, known)));
}

struct ReplaceableSite {
  std::string_view name;
  bool (*differs)(const SiteTable& a, const SiteTable& b);
};

constexpr ReplaceableSite kReplaceable[] = {
#define SITE(id, function, kernel, sentence) \
  {"site " #id, [](const SiteTable& a, const SiteTable& b) { return a.id != b.id; }},
#define MARK_SITE(id, function, reads, writes, kernel, sentence) \
  SITE(id, function, kernel, sentence)
#define FLUSH_SITE(id, kernel, sentence) SITE(id, FlushTlb, kernel, sentence)
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE
};

}  // namespace

std::span<const DefectRow> Defects() { return kDefects; }

const DefectRow* FindDefect(std::string_view id) {
  const DefectRow* row = FindIn(Defects(), id);
  return row != nullptr ? row : FindIn(DerivedDefects(), id);
}

std::span<const ProfileRow> Profiles() { return kProfiles; }

const ProfileRow* FindProfile(std::string_view name) {
  const auto found = std::find_if(std::begin(kProfiles), std::end(kProfiles),
                                  [&](const ProfileRow& row) { return row.name == name; });
  return found == std::end(kProfiles) ? nullptr : &*found;
}

std::vector<std::string_view> DefectsOf(const ProfileRow& profile) {
  std::vector<std::string_view> ids;
  for (const DefectRow& row : Defects()) {
    if (VersionsInclude(row.versions, profile.kernel).value_or(false)) ids.push_back(row.id);
  }
  return ids;
}

std::vector<std::string> ReplacedBy(const DefectRow& defect) {
  const StepTable clean = MakeCleanSteps();
  StepTable table = clean;
  defect.apply(table);
  std::vector<std::string> replaced;
  for (std::size_t path = 0; path < kPathCount; ++path) {
    const Path& row = GetPath(static_cast<PathId>(path));
    for (std::size_t step = 0; step < row.steps.size(); ++step) {
      if (table.run[path][step] == clean.run[path][step]) continue;
      replaced.push_back(absl::StrCat(row.name, "/", row.steps[step].name));
    }
  }
  for (const ReplaceableSite& row : kReplaceable) {
    if (row.differs(table.site, clean.site)) replaced.emplace_back(row.name);
  }
  return replaced;
}

absl::StatusOr<std::shared_ptr<const StepTable>> StepsOf(std::string_view profile,
                                                         std::span<const std::string> defects) {
  const ProfileRow* row = FindProfile(profile);
  if (row == nullptr) return UnknownProfile(profile);
  std::vector<std::string_view> ids = DefectsOf(*row);
  for (const std::string& id : defects) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.emplace_back(id);
  }
  auto table = std::make_shared<StepTable>(MakeCleanSteps());
  std::map<std::string, std::string_view> replaced_by;
  for (const std::string_view id : ids) {
    const DefectRow* defect = FindDefect(id);
    if (defect == nullptr) return UnknownDefect(id);
    for (const std::string& what : ReplacedBy(*defect)) {
      const auto [other, fresh] = replaced_by.emplace(what, id);
      if (fresh) continue;
      return absl::InvalidArgumentError(absl::StrCat("defects '", std::string(other->second),
                                                     "' and '", std::string(id), "' both replace ",
                                                     what));
    }
    defect->apply(*table);
  }
  return std::shared_ptr<const StepTable>(std::move(table));
}

}  // namespace uffdsim

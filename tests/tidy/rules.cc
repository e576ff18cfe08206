#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <string>

namespace uffdsim::tidy {
namespace {

struct Allowance {
  std::string_view rule;
  std::string_view place;
};

constexpr Allowance kNone = {"", ""};  // keeps the array non-empty when the table is

constexpr Allowance kAllowed[] = {
    kNone,
#define ALLOW(rule, place, reason) {rule, place},
#include "tests/tidy/allowed.def"
#undef ALLOW
};

}  // namespace

const std::vector<NamedRule>& Rules() {
  static const std::vector<NamedRule> rules = {
      {"orphan", Orphans, "a source in no target, a header that nobody includes"},
      {"arrow", IncludeDirection, "an include against the design's arrows"},
      {"registry", Registries, "a file without a row, a row without a file"},
      {"banned", BannedNames, "a name whose results differ from run to run"},
      {"hash-iteration", HashIteration, "a loop over a hash container"},
      {"word", Words, "text that does not belong into the repository"},
      {"header", HeaderOpening, "a header without an opening sentence or #pragma once"},
      {"type-name", TypeNames, "two types of one name in headers of the same namespace"},
      {"readme", Readmes, "a folder with code and no README.md"},
      {"length", Lengths, "a file or function that is too long"},
  };
  return rules;
}

Findings RunRules(const Tree& tree) {
  Findings kept;
  std::array<bool, std::size(kAllowed)> used{};
  for (const NamedRule& named : Rules()) {
    for (Finding& finding : named.rule(tree)) {
      finding.rule = std::string(named.name);
      const auto* allowance = std::find_if(
          std::begin(kAllowed), std::end(kAllowed),
          [&](const Allowance& a) { return a.rule == finding.rule && a.place == finding.place; });
      if (allowance == std::end(kAllowed)) {
        kept.push_back(finding);
      } else {
        used[static_cast<std::size_t>(allowance - std::begin(kAllowed))] = true;
      }
    }
  }
  for (std::size_t i = 1; i < used.size(); ++i) {
    if (used[i]) continue;
    kept.push_back({"allowed", std::string(kAllowed[i].place), 0,
                    "tests/tidy/allowed.def allows nothing here any more (rule " +
                        std::string(kAllowed[i].rule) + "): remove its row"});
  }
  return kept;
}

}  // namespace uffdsim::tidy

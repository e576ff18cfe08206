#include "sim/vmm/policy/registry.h"

#include <utility>

#include "model/base/check.h"
#include "model/base/near_match.h"
#include "sim/text/key_values.h"
#include "sim/vmm/policy/factories.h"

namespace uffdsim {
namespace {

using enum ParameterKind;
using enum PolicyNeeds;

// Each row's parameters, with one empty element so that no array has length zero.
#define UFFDSIM_POLICY(identifier, name, needs, sentence, source, ...) \
  constexpr Parameter k##identifier##Parameters[] = {__VA_ARGS__ __VA_OPT__(, ) Parameter{}};
#include "sim/vmm/policy/policy.def"

template <std::size_t n>
constexpr std::span<const Parameter> WithoutLast(const Parameter (&all)[n]) {
  return std::span<const Parameter>(all, n - 1);
}

constexpr std::string_view kWhat = "policy";

constexpr PolicyRow kRows[] = {
#define UFFDSIM_POLICY(identifier, name, needs, sentence, source, ...) \
  {name,                                                               \
   needs,                                                              \
   sentence,                                                           \
   source,                                                             \
   WithoutLast(k##identifier##Parameters),                             \
   &Make##identifier##Policy},
#include "sim/vmm/policy/policy.def"
};

}  // namespace

std::span<const PolicyRow> Policies() { return kRows; }

const PolicyRow* FindPolicy(std::string_view name) {
  for (const PolicyRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

absl::StatusOr<PolicyChoice> ParsePolicy(std::string_view text) {
  const absl::StatusOr<NamedValues> split = SplitNamedValues(kWhat, text);
  if (!split.ok()) return split.status();
  PolicyChoice choice;
  choice.row = FindPolicy(split->name);
  if (choice.row == nullptr) {
    std::vector<std::string_view> names;
    for (const PolicyRow& row : kRows) names.push_back(row.name);
    return TextError(kWhat, 0,
                     "unknown policy " + Quoted(split->name) + DidYouMean(split->name, names));
  }
  absl::StatusOr<std::vector<double>> values =
      ParseParameters(kWhat, choice.row->name, choice.row->parameters, split->values);
  if (!values.ok()) return values.status();
  choice.values = *std::move(values);
  return choice;
}

std::string FormatPolicy(const PolicyChoice& choice) {
  return FormatParameters(choice.row->name, choice.row->parameters, choice.values);
}

std::unique_ptr<Policy> MakePolicy(const PolicyChoice& choice, PolicySetting setting) {
  UFFDSIM_CHECK(setting.page_count > 0 && setting.capacity > 0);
  setting.parameters = choice.values;
  return choice.row->make(setting);
}

std::vector<std::uint32_t> NextUses(std::span<const PageId> pages, std::uint32_t page_count) {
  UFFDSIM_CHECK(pages.size() < kNeverAgain);
  std::vector<std::uint32_t> next(page_count, kNeverAgain);
  std::vector<std::uint32_t> uses(pages.size());
  for (std::size_t i = pages.size(); i-- > 0;) {
    uses[i] = next[pages[i]];
    next[pages[i]] = static_cast<std::uint32_t>(i);
  }
  return uses;
}

}  // namespace uffdsim

#include "sim/vmm/policy/registry.h"

#include <utility>

#include "model/base/check.h"
#include "sim/text/choice.h"
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

const PolicyRow* FindPolicy(std::string_view name) { return FindRow(Policies(), name); }

absl::StatusOr<PolicyChoice> ParsePolicy(std::string_view text) {
  return ParseChoice<PolicyChoice>(kWhat, "policy", Policies(), text);
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

#include "sim/vmm/arming/registry.h"

#include <algorithm>
#include <utility>

#include "sim/text/choice.h"
#include "sim/vmm/arming/plan.h"

namespace uffdsim {
namespace {

using enum ParameterKind;

constexpr std::string_view kWhat = "arming";

// Each row's parameters, with one empty element so that no array has length zero.
#define UFFDSIM_ARMING(identifier, name, sentence, source, ...) \
  constexpr Parameter k##identifier##Parameters[] = {__VA_ARGS__ __VA_OPT__(, ) Parameter{}};
#include "sim/vmm/arming/arming.def"

constexpr ArmingRow kRows[] = {
#define UFFDSIM_ARMING(identifier, name, sentence, source, ...) \
  {name, sentence, source, WithoutLast(k##identifier##Parameters), &Make##identifier##Arming},
#include "sim/vmm/arming/arming.def"
};

}  // namespace

std::span<const ArmingRow> ArmingStrategies() { return kRows; }

const ArmingRow* FindArming(std::string_view name) { return FindRow(ArmingStrategies(), name); }

absl::StatusOr<ArmingChoice> ParseArming(std::string_view text) {
  return ParseChoice<ArmingChoice>(kWhat, "arming strategy", ArmingStrategies(), text);
}

std::string FormatArming(const ArmingChoice& choice) {
  if (choice.row == nullptr) return "default";
  return FormatParameters(choice.row->name, choice.row->parameters, choice.values);
}

std::unique_ptr<ArmingStrategy> MakeArming(const ArmingChoice& choice, ArmingSetting setting) {
  setting.parameters = choice.values;
  return choice.row->make(setting);
}

std::uint64_t ArmingStrategy::Estimate(std::span<const PageRange> unarmed) const {
  return PagesOf(unarmed);
}

std::uint64_t PagesOf(std::span<const PageRange> ranges) {
  std::uint64_t pages = 0;
  for (const PageRange& range : ranges) pages += range.count;
  return pages;
}

std::uint64_t PlanMemory::Estimate(std::span<const PageRange> unarmed) const {
  std::uint64_t touched = 0;
  std::uint64_t touched_of_chosen = 0;
  std::uint64_t unknown = 0;
  auto chosen = chosen_.begin();
  auto left = left_.begin();
  ForEachPage(unarmed, [&](PageId page) {
    chosen = std::lower_bound(chosen, chosen_.end(), page);
    left = std::lower_bound(left, left_.end(), page);
    if (left != left_.end() && *left == page) {
      ++unknown;
      return;
    }
    ++touched;
    if (chosen != chosen_.end() && *chosen == page) ++touched_of_chosen;
  });
  if (chosen_.empty()) return touched + unknown;
  return touched + (unknown * touched_of_chosen + chosen_.size() / 2) / chosen_.size();
}

}  // namespace uffdsim

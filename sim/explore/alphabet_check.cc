#include "sim/explore/alphabet_check.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "sim/scenario/format.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

// By region: one past the last page that some line maps.
using Mapped = std::map<std::string, std::uint64_t>;

std::uint64_t EndOf(const Quantity& start, const Quantity& length) {
  return start.pages + length.pages + (start.bytes + length.bytes != 0 ? 1 : 0);
}

void Extend(const std::string& region, std::uint64_t end, Mapped* mapped) {
  std::uint64_t& known = (*mapped)[region];
  known = std::max(known, end);
}

Mapped MappedBy(std::span<const Line> operations) {
  Mapped mapped;
  for (const Line& line : operations) {
    const Statement& s = line.statement;
    if (s.code == OpCode::k_map) Extend(s.region, EndOf(s.at, s.length), &mapped);
    if (s.code != OpCode::k_mremap) continue;
    if (s.region2 == "-") {
      Extend(s.region, EndOf(s.offset, s.length2), &mapped);
    } else {
      Extend(s.region2, EndOf(s.offset2, s.length2), &mapped);
    }
  }
  return mapped;
}

// "" when some line maps the place, else what was expected.
std::string Expected(const Mapped& mapped, const std::string& region, const Quantity& offset) {
  const auto found = mapped.find(region);
  if (found == mapped.end()) return absl::StrCat("a region that some line maps, not ", region);
  if (offset.pages < found->second) return "";
  return absl::StrCat("a page of ", region, " below ", found->second, ", not ",
                      FormatQuantity(offset));
}

std::string ExpectedPlace(const Mapped& mapped, const Statement& s) {
  if (s.code == OpCode::k_map) return "";
  if (!s.region.empty()) {
    std::string expected = Expected(mapped, s.region, s.offset);
    if (!expected.empty()) return expected;
  }
  const bool source = !s.region2.empty() && s.code != OpCode::k_mremap;
  return source ? Expected(mapped, s.region2, s.offset2) : "";
}

// Lines that are the scenario's own business, or take a thread apart.
bool IsOfTheMachine(const Statement& s) {
  return s.thread.empty() && s.code != OpCode::k_observe && s.code != OpCode::k_note &&
         s.code != OpCode::k_step && s.code != OpCode::k_auto_resolve;
}

}  // namespace

absl::Status CheckAlphabetLines(const std::string& name, std::span<const Line> operations) {
  const Mapped mapped = MappedBy(operations);
  for (const Line& line : operations) {
    const std::string expected = IsOfTheMachine(line.statement)
                                     ? ExpectedPlace(mapped, line.statement)
                                     : "an operation of the machine, in one piece";
    if (expected.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, ":", line.number, ":1: expected ",
                                                   expected, ": `", FormatStatement(line.statement),
                                                   "`"));
  }
  return absl::OkStatus();
}

}  // namespace uffdsim

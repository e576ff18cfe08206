#include "sim/explore/counterexample.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/scenario/names.h"

namespace uffdsim {
namespace {

class Lines {
 public:
  void Comment(std::string text) {
    Line& line = Next(Line::Kind::kBlank);
    line.has_comment = true;
    line.comment = std::move(text);
  }
  void Add(Line line) {
    line.number = static_cast<int>(scenario_.lines.size()) + 1;
    scenario_.lines.push_back(std::move(line));
  }
  void Operation(const Statement& statement) { Next(Line::Kind::kOperation).statement = statement; }
  Scenario Take() { return std::move(scenario_); }

 private:
  Line& Next(Line::Kind kind) {
    Line& line = scenario_.lines.emplace_back();
    line.kind = kind;
    line.number = static_cast<int>(scenario_.lines.size());
    return line;
  }

  Scenario scenario_;
};

}  // namespace

std::string PlaceOf(const Setting& setting, const FoundViolation& violation) {
  const unsigned shift = setting.machine.arch->geometry().page_shift;
  Names names(std::uint64_t{1} << shift);
  Scenario learned;
  for (const Setting::Letter& letter : setting.setup) {
    Line& line = learned.lines.emplace_back();
    line.kind = Line::Kind::kOperation;
    line.statement = letter.statement;
  }
  for (const Setting::Letter& letter : setting.letters) {
    Line& line = learned.lines.emplace_back();
    line.kind = Line::Kind::kOperation;
    line.statement = letter.statement;
  }
  names.Learn(learned);
  const std::string place = names.Place(violation.vpn.value << shift);
  if (place == "?") return absl::StrCat("number ", violation.vpn.value);
  return absl::StrCat(place, " of process ", violation.mm.value);
}

Scenario ToScenario(const Setting& setting, std::span<const std::uint16_t> letters,
                    const FoundViolation& violation) {
  Lines lines;
  lines.Comment(absl::StrCat(" ", violation.name, ": ", violation.sentence));
  lines.Comment(absl::StrCat(" at ", PlaceOf(setting, violation), ", noticed in ", violation.step,
                             ": ", violation.detail));
  for (Line& line : HeaderOf(setting.choice)) lines.Add(std::move(line));
  for (const Setting::Letter& letter : setting.setup) lines.Operation(letter.statement);
  for (const std::uint16_t letter : letters) {
    lines.Operation(setting.letters[letter].statement);
  }
  return lines.Take();
}

}  // namespace uffdsim

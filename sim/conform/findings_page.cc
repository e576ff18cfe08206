#include "sim/conform/findings_page.h"

#include "absl/strings/str_cat.h"
#include "sim/scenario/export_c.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kPageSize = 4096;

constexpr FindingPageRow kPages[] = {
#define PAGE(name, since, expected, suggestion) {name, since, expected, suggestion},
#include "sim/conform/findings.def"
#undef PAGE
};

std::string_view SentenceOf(std::string_view invariant) {
#define INVARIANT(id, number, sentence) \
  if (invariant == #id) return sentence;
#include "model/spec/invariants.def"
#undef INVARIANT
  return "";
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::span<const FindingPageRow> FindingPages() { return kPages; }

std::string FindingSentence(const FindingRow& row, const Confirmation& confirmation) {
  return absl::StrCat("violates ", View(row.invariant),
                      confirmation.confirmed ? "; confirmed on " : "; not confirmed on ",
                      confirmation.kernel, " (", confirmation.how, ")");
}

absl::StatusOr<std::string> FindingPageText(const FindingRow& row, std::string_view at,
                                            const Confirmation& confirmation) {
  const FindingPageRow* page = nullptr;
  for (const FindingPageRow& candidate : kPages) {
    if (candidate.name == row.name) page = &candidate;
  }
  if (page == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(View(row.name), ": no row in sim/conform/findings.def"));
  }
  std::string text = absl::StrCat("# ", View(row.name), "\n\n", View(row.explanation), "\n\n**");
  absl::StrAppend(&text, FindingSentence(row, confirmation), "**\n\n", View(row.invariant), ": ",
                  View(SentenceOf(row.invariant)), ".\n\n");
  absl::StrAppend(&text, "| | |\n|---|---|\n| kernel function | `", View(row.kernel),
                  "` |\n| since | ", View(page->since), " |\n| expected | ", View(page->expected),
                  " |\n| observed | the kernel's answers and, last, its pages are below; the "
                  "model, which answers the same, breaks the invariant at `",
                  View(at), "` |\n| suggestion | ", View(page->suggestion), " |\n| reproducer | `",
                  View(row.name), ".c` (`gcc -Wall -pthread`, as root) |\n\n");
  absl::StrAppend(&text, "Scenario (`tests/scenario/findings/", View(row.name),
                  ".scn`; its `expect` lines say what the referee sees):\n\n```\n",
                  View(row.scenario), "```\n\nWhat the kernel answered:\n\n```\n",
                  confirmation.observed, "```\n");
  return text;
}

absl::StatusOr<std::string> FindingProgram(const FindingRow& row) {
  const auto scenario = ParseScenario(row.name, row.scenario);
  if (!scenario.ok()) return scenario.status();
  return ExportC(OperationsOf(*scenario, Looking::kAtTheEnd), kPageSize);
}

Scenario OperationsOf(const Scenario& scenario, Looking looking) {
  Scenario result;
  result.name = scenario.name;
  Line look;
  look.kind = Line::Kind::kOperation;
  look.statement.code = OpCode::k_observe;
  look.statement.flags = kOpRaw;
  look.statement.length = {1, 0};
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    result.lines.push_back(line);
    if (looking == Looking::kAfterEach) result.lines.push_back(look);
  }
  if (looking == Looking::kAtTheEnd) result.lines.push_back(look);
  return result;
}

}  // namespace uffdsim

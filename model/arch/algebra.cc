#include "model/arch/algebra.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/arch/algebra_internal.h"
#include "model/arch/decode.h"

namespace uffdsim {
namespace {

using algebra_internal::Checker;

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

struct Law {
  std::string_view name;
  void (*check)(Checker&);
  std::string_view sentence;
};
constexpr Law kLaws[] = {
#define LAW(name, function, sentence) {name, algebra_internal::function, sentence},
#include "model/arch/algebra_laws.def"
#undef LAW
};

// What beside the name a known finding needs.
enum class Needs { kAlways, kCollision };
struct Known {
  std::string_view law;
  std::string_view prefix;
  Needs needs;
  std::string_view sentence;
};
constexpr Needs kAlways = Needs::kAlways;
constexpr Needs kCollision = Needs::kCollision;
constexpr Known kKnown[] = {
#define KNOWN(law, prefix, needs, sentence) {law, prefix, needs, sentence},
#include "model/arch/algebra_known.def"
#undef KNOWN
};

std::string_view KnownReason(const Arch& arch, std::string_view law) {
  for (const Known& known : kKnown) {
    if (known.law != law || !arch.name().starts_with(known.prefix)) continue;
    if (known.needs == kCollision && arch.layout().without_collision == nullptr) continue;
    return known.sentence;
  }
  return {};
}

// A known finding that does not show is as wrong as a new one: the layout is then not 7.3.4's.
bool AsExpected(const LawResult& law) { return (law.failed != 0) == !law.known.empty(); }

}  // namespace

bool AlgebraReport::Clean() const {
  for (const LawResult& law : laws) {
    if (!AsExpected(law)) return false;
  }
  return true;
}

AlgebraReport CheckAlgebra(const Arch& arch, const AlgebraOptions& options) {
  AlgebraReport report;
  report.arch = std::string(arch.name());
  for (const Law& law : kLaws) {
    LawResult result;
    result.law = law.name;
    result.sentence = law.sentence;
    result.known = KnownReason(arch, law.name);
    report.laws.push_back(result);
  }
  for (const Form form : {Form::kPte, Form::kPmd}) {
    if (form == Form::kPmd && !arch.SupportsThp()) continue;
    Checker checker(arch, form, options);
    report.reachable[static_cast<std::size_t>(form)] = checker.words().size();
    for (std::size_t i = 0; i < report.laws.size(); ++i) {
      checker.Start(&report.laws[i]);
      kLaws[i].check(checker);
    }
  }
  return report;
}

std::string AlgebraText(const AlgebraReport& report) {
  std::string out;
  std::uint64_t checked = 0;
  int known = 0;
  int unexpected = 0;
  for (const LawResult& law : report.laws) {
    checked += law.checked;
    if (law.failed == 0 && law.known.empty()) continue;
    (AsExpected(law) ? known : unexpected) += 1;
    absl::StrAppendFormat(&out, "%-24s %-5s %d of %d words\n", Absl(law.law),
                          AsExpected(law)   ? "known"
                          : law.failed != 0 ? "BROKEN"
                                            : "HOLDS",
                          law.failed, law.checked);
    absl::StrAppend(&out, "    law:     ", Absl(law.sentence), "\n");
    if (!law.known.empty()) absl::StrAppend(&out, "    7.3.4:   ", Absl(law.known), "\n");
    for (const LawFailure& finding : law.examples) {
      absl::StrAppendFormat(&out, "    example: %s 0x%016x, expected: %s\n",
                            Absl(FormName(finding.form)), finding.word, finding.detail);
    }
  }
  absl::StrAppendFormat(
      &out, "%s: %d laws, %d checks over %d PTE and %d PMD words: %d known findings, %d new\n",
      report.arch, report.laws.size(), checked, report.reachable[0], report.reachable[1], known,
      unexpected);
  return out;
}

std::string AlgebraJson(const AlgebraReport& report) {
  std::string out = absl::StrFormat(
      "{\"arch\":\"%s\",\"clean\":%s,\"reachable_ptes\":%d,\"reachable_pmds\":%d,\"laws\":[",
      report.arch, report.Clean() ? "true" : "false", report.reachable[0], report.reachable[1]);
  std::string_view comma;
  for (const LawResult& law : report.laws) {
    absl::StrAppendFormat(&out, "%s{\"law\":\"%s\",\"checked\":%d,\"failed\":%d,\"known\":%s",
                          Absl(comma), Absl(law.law), law.checked, law.failed,
                          law.known.empty() ? "false" : "true");
    if (!law.examples.empty()) {
      absl::StrAppendFormat(&out, ",\"example\":{\"form\":\"%s\",\"word\":\"0x%016x\"}",
                            Absl(FormName(law.examples[0].form)), law.examples[0].word);
    }
    absl::StrAppend(&out, "}");
    comma = ",";
  }
  return out + "]}";
}

std::vector<LawName> AlgebraLaws() {
  std::vector<LawName> names;
  for (const Law& law : kLaws) names.push_back({law.name, law.sentence});
  return names;
}

}  // namespace uffdsim

// golden_compare: how far the model agrees with recordings of the real kernel.
//
//   golden_compare [--only TEXT] [--verbose] [--quiet] [--all] [--arch NAME] [FOLDER ..]
//
// Prints, for each scenario that differs, the first record that does, and totals. --only keeps the
// scenarios whose name contains TEXT (may be given several times); --verbose shows every differing
// record; --quiet only totals; --all names also those that agree; --arch replaces the recording's
// architecture. Folders default to those of the repository. Exit status 0: all agree, 1: not, 2:
// bad input.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "golden_runner.h"

namespace uffdsim {
namespace {

struct Settings {
  std::vector<std::string> only;
  std::vector<std::string> folders;
  std::string arch;
  bool verbose = false;
  bool quiet = false;
  bool all = false;
};

constexpr std::size_t kDetailsShown = 6;

int Usage() {
  std::fputs(
      "usage: golden_compare [--only TEXT] [--verbose] [--quiet] [--all] [--arch NAME] [FOLDER "
      "..]\n",
      stderr);
  return 2;
}

// False when the arguments make no sense.
bool ReadArguments(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool takes_value = word == "--only" || word == "--arch";
    if (takes_value && i + 1 == argc) return false;
    if (word == "--only") {
      settings->only.emplace_back(argv[++i]);
    } else if (word == "--arch") {
      settings->arch = argv[++i];
    } else if (word == "--verbose") {
      settings->verbose = true;
    } else if (word == "--quiet") {
      settings->quiet = true;
    } else if (word == "--all") {
      settings->all = true;
    } else if (word.rfind("--", 0) == 0) {
      return false;
    } else {
      settings->folders.push_back(word);
    }
  }
  if (settings->folders.empty()) {
    settings->folders.emplace_back(UFFDSIM_SOURCE_DIR "/tests/golden/scenarios");
  }
  return true;
}

bool Wanted(const Settings& settings, const std::string& name) {
  return settings.only.empty() ||
         std::any_of(settings.only.begin(), settings.only.end(),
                     [&](const std::string& text) { return name.find(text) != std::string::npos; });
}

void PrintDifference(const GoldenReport& report, const GoldenDifference& difference, bool verbose) {
  const auto index = static_cast<std::size_t>(difference.index);
  // An observation shows what the operation before it did.
  if (difference.operation.rfind("observe", 0) == 0 && index > 0) {
    std::printf("    [%d] %s\n", difference.index - 1, report.operations[index - 1].c_str());
  }
  std::printf("    [%d] %s\n", difference.index, difference.operation.c_str());
  std::size_t shown = 0;
  for (const std::string& detail : difference.details) {
    if (!verbose && shown++ == kDetailsShown) {
      std::printf("        .. and %zu more\n", difference.details.size() - kDetailsShown);
      break;
    }
    std::printf("        %s\n", detail.c_str());
  }
}

void PrintReport(const GoldenReport& report, const Settings& settings) {
  if (settings.quiet || (report.Agrees() && !settings.all)) return;
  std::printf("%-28s %3d/%-3d agree", report.name.c_str(), report.agreed, report.compared);
  if (!report.Agrees()) std::printf(", first %d before the first difference", report.before_first);
  std::printf("\n");
  for (const GoldenDifference& difference : report.differences) {
    PrintDifference(report, difference, settings.verbose);
    if (!settings.verbose) break;
  }
  if (!report.died.empty()) std::printf("    the model died: %s\n", report.died.c_str());
}

struct Totals {
  int scenarios = 0;
  int agreeing = 0;
  int died = 0;
  int compared = 0;
  int agreed = 0;
  int before_first = 0;
  std::map<std::string, int> first_operation;  // what diverged first, how often
};

// "rwprotect"; for an observation, the operation that it looked at.
std::string Culprit(const GoldenReport& report) {
  auto index = static_cast<std::size_t>(report.differences.front().index);
  while (index > 0 && report.operations[index].rfind("observe", 0) == 0) --index;
  std::string text = report.operations[index];
  if (text.front() == '@') text = text.substr(text.find(' ') + 1);
  const std::string word = text.substr(0, text.find(' '));
  return word == "madvise" ? "madvise " + text.substr(text.rfind(' ') + 1) : word;
}

void Add(const GoldenReport& report, Totals* totals) {
  ++totals->scenarios;
  totals->agreeing += report.Agrees() ? 1 : 0;
  totals->died += report.died.empty() ? 0 : 1;
  totals->compared += report.compared;
  totals->agreed += report.agreed;
  totals->before_first += report.before_first;
  if (!report.differences.empty()) ++totals->first_operation[Culprit(report)];
}

void PrintTotals(const Totals& totals) {
  std::printf("%d of %d scenarios agree fully", totals.agreeing, totals.scenarios);
  if (totals.died != 0) std::printf(", the model died in %d", totals.died);
  std::printf("; %d of %d records agree, %d before the first difference\n", totals.agreed,
              totals.compared, totals.before_first);
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [word, count] : totals.first_operation) order.emplace_back(-count, word);
  std::sort(order.begin(), order.end());
  if (order.empty()) return;
  std::printf("differ first at:");
  for (const auto& [count, word] : order) std::printf(" %s %d,", word.c_str(), -count);
  std::printf("\n");
}

int Main(int argc, char** argv) {
  Settings settings;
  if (!ReadArguments(argc, argv, &settings)) return Usage();
  const auto cases = FindGoldenCases(settings.folders);
  if (!cases.ok()) {
    std::fprintf(stderr, "%s\n", cases.status().ToString().c_str());
    return 2;
  }
  GoldenOptions options;
  options.arch = settings.arch;
  Totals totals;
  for (const GoldenCase& golden : *cases) {
    if (!Wanted(settings, golden.name)) continue;
    const auto report = RunGolden(golden, options);
    if (!report.ok()) {
      std::fprintf(stderr, "%s\n", report.status().ToString().c_str());
      return 2;
    }
    PrintReport(*report, settings);
    std::fflush(stdout);
    Add(*report, &totals);
  }
  PrintTotals(totals);
  return totals.agreeing == totals.scenarios ? 0 : 1;
}

}  // namespace
}  // namespace uffdsim

int main(int argc, char** argv) { return uffdsim::Main(argc, argv); }

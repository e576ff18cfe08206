#include "sim/explore/generate/generator.h"

#include <algorithm>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "model/base/check.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

enum Where : std::uint8_t { kReal, kLoose, kModelOnly };
enum Needs : std::uint8_t { kAny, kRwp, kWp, kMinor, kMachineWide, kSecondNode, kPageTables };

struct Row {
  Drawer drawer;
  Group group;
  std::uint32_t weight;
  Where where;
  Needs needs;
};

bool Lacks(const KernelLacks& lacks, Needs needs) {
  switch (needs) {
    case kAny: return false;
    case kRwp: return lacks.rwp;
    case kWp: return lacks.wp;
    case kMinor: return lacks.minor;
    case kMachineWide: return lacks.machine_wide;
    case kSecondNode: return lacks.second_node;
    case kPageTables: return lacks.page_tables;
  }
  return false;
}

constexpr Row kRows[] = {
#define GENERATE(drawer, group, weight, where, needs) {&drawer, Group::group, weight, where, needs},
#include "sim/explore/generate/generate.def"
#undef GENERATE
};

// So many threads may sleep before somebody answers them. Of several that wake together a real
// kernel runs whichever it likes first.
constexpr std::size_t kMostSleepers = 4;
constexpr std::size_t kMostSleepersReal = 2;
constexpr int kTries = 24;

Statement Parsed(const std::string& line) {
  auto scenario = ParseScenario("generated", line);
  const bool drawers_make_lines_of_the_language = scenario.ok() && !scenario->lines.empty();
  UFFDSIM_CHECK(drawers_make_lines_of_the_language);
  return std::move(scenario->lines.front().statement);
}

// What was drawn until a check of the simulator failed: its scenario.
void ShowDrawn(void* scenario) {
  std::fputs(FormatScenario(*static_cast<const Scenario*>(scenario)).c_str(), stderr);
}

}  // namespace

Generator::Generator(const GenerateOptions& options) : options_(options), rng_(options.seed) {
  swarm_ = DrawSwarm(rng_, options_.lacks);
  pending_ = DrawSetup(rng_, swarm_, options_.huge_pages);
  if (options_.real_kernel) pending_.emplace_back("observe raw");
  std::reverse(pending_.begin(), pending_.end());
}

std::uint64_t Generator::WeightOf(std::size_t row) const {
  const Row& r = kRows[row];
  if (options_.real_kernel && r.where != kReal) return 0;
  if (Lacks(swarm_.lacks, r.needs)) return 0;
  return std::uint64_t{r.weight} * swarm_.share[static_cast<std::size_t>(r.group)];
}

std::string Generator::DrawLine(const Sight& sight) {
  Draw d(&rng_, &swarm_, &sight);
  const std::size_t most = options_.real_kernel ? kMostSleepersReal : kMostSleepers;
  if (sight.waiters.size() >= most || (sight.events_wait && d.Chance(50))) {
    std::string line = sight.events_wait || d.Chance(30) ? DrawMessages(d) : DrawAnswer(d);
    if (!line.empty()) return line;
  }
  std::uint64_t total = 0;
  for (std::size_t row = 0; row < std::size(kRows); ++row) total += WeightOf(row);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    std::uint64_t at = d.Below(total);
    std::size_t row = 0;
    while (at >= WeightOf(row)) at -= WeightOf(row++);
    std::string line = kRows[row].drawer(d);
    if (!line.empty()) return line;
  }
  return "note nothing to do";
}

// Everything is read and looked at once more.
std::string Generator::Ending(const Sight& sight) {
  if (!ended_) {
    ended_ = true;
    if (options_.real_kernel) pending_.emplace_back("observe raw");
    for (const SeenUffd& uffd : sight.uffds) {
      pending_.push_back(absl::StrCat(Draw::In(uffd.holder), "messages ", uffd.name));
    }
  }
  if (pending_.empty()) return "";
  std::string line = std::move(pending_.back());
  pending_.pop_back();
  return line;
}

std::string Generator::NextLine(const Sight& sight) {
  if (!pending_.empty()) {
    std::string line = std::move(pending_.back());
    pending_.pop_back();
    return line;
  }
  if (drawn_ >= options_.length) return Ending(sight);
  if (options_.real_kernel && until_look_ == 0) {
    until_look_ = static_cast<std::uint32_t>(rng_.Below(4)) + 1;
    if (drawn_ != 0) return "observe raw";
  }
  ++drawn_;
  if (until_look_ != 0) --until_look_;
  return DrawLine(sight);
}

std::optional<Statement> Generator::Next(Executor& executor) {
  const std::string line = NextLine(LookAround(executor));
  if (line.empty()) return std::nullopt;
  return Parsed(line);
}

Scenario GenerateScenario(const GenerateOptions& options, const MachineConfig& config) {
  Scenario scenario;
  scenario.name = absl::StrCat("seed-", options.seed);
  Executor executor(config, scenario);
  Generator generator(options);
  SetCheckHook(&ShowDrawn, &scenario);
  const absl::Cleanup unhook = [] { SetCheckHook(nullptr, nullptr); };
  while (const std::optional<Statement> statement = generator.Next(executor)) {
    Line line;
    line.kind = Line::Kind::kOperation;
    line.number = static_cast<int>(scenario.lines.size()) + 1;
    line.statement = *statement;
    Scenario one;
    one.lines.push_back(line);
    executor.names().Learn(one);
    scenario.lines.push_back(line);
    executor.Execute(line.statement, line.number);
  }
  return scenario;
}

}  // namespace uffdsim

// The exhaustive explorer against spaces counted by hand, and against itself: threads, a resumed
// run and a killed one change nothing.
#include "sim/explore/exhaustive.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sim/explore/counterexample.h"
#include "sim/explore/judge.h"
#include "sim/scenario/run.h"
#include "tests/explore/explore_test_util.h"

namespace uffdsim {
namespace {

// Where explorations that are only compared with each other end: several levels deep.
constexpr std::uint64_t kEnoughStates = 8000;

// Every field of two results; bookkeeping included.
void ExpectSame(const ExhaustiveResult& a, const ExhaustiveResult& b) {
  EXPECT_EQ(a.end, b.end);
  EXPECT_EQ(a.states, b.states);
  EXPECT_EQ(a.transitions, b.transitions);
  EXPECT_EQ(a.levels, b.levels);
  EXPECT_EQ(a.bookkeeping, b.bookkeeping);
  ASSERT_EQ(a.found.size(), b.found.size());
  for (std::size_t i = 0; i < a.found.size(); ++i) {
    EXPECT_EQ(a.found[i].letters, b.found[i].letters);
    EXPECT_EQ(a.found[i].violation.name, b.found[i].violation.name);
    EXPECT_EQ(a.found[i].violation.detail, b.found[i].violation.detail);
  }
}

ExhaustiveResult Explore(const Setting& setting, const ExhaustiveOptions& options) {
  auto result = Exhaust(setting, options);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return *std::move(result);
}

TEST(Exhaustive, CountsWhatCanBeCountedByHand) {
  // Never touched; zero page; written. Emptied again there is a page table, and, once something was
  // written, a reverse map for ever: emptied without, emptied with, zero page with. Writing over
  // the zero page gives what writing to nothing gives.
  const Setting setting = SettingOf(R"(
map A anon 1
letters
read A 0
write A 0 1
madvise A 0 1 DONTNEED
)",
                                    {});
  const ExhaustiveResult result = Explore(setting, {});
  EXPECT_EQ(result.end, ExhaustiveResult::End::kClosed);
  EXPECT_EQ(result.states, 6U);
  EXPECT_EQ(result.transitions, 18U);
  EXPECT_EQ(result.levels, (std::vector<std::uint64_t>{1, 2, 2, 1}));
  EXPECT_TRUE(result.found.empty());
}

TEST(Exhaustive, DepthBounds) {
  const Setting setting = NamedSetting("rwp-anon", {.pages = 1, .processes = 1});
  const ExhaustiveResult all = Explore(setting, {});
  ASSERT_EQ(all.end, ExhaustiveResult::End::kClosed);
  ExhaustiveOptions options;
  options.depth = 3;
  const ExhaustiveResult some = Explore(setting, options);
  EXPECT_EQ(some.end, ExhaustiveResult::End::kDepth);
  ASSERT_EQ(some.levels.size(), 4U);
  for (std::size_t i = 0; i < some.levels.size(); ++i) EXPECT_EQ(some.levels[i], all.levels[i]);
}

TEST(Exhaustive, ThreadsChangeNothing) {
  const Setting setting = NamedSetting("rwp-sync", {.pages = 2, .processes = 1});
  ExhaustiveOptions options;
  options.states_max = kEnoughStates;
  const ExhaustiveResult one = Explore(setting, options);
  options.threads = 2;
  ExpectSame(one, Explore(setting, options));
  options.threads = 5;
  ExpectSame(one, Explore(setting, options));
}

TEST(Exhaustive, ResumesWhereItEnded) {
  const Setting setting = NamedSetting("rwp-sync", {.pages = 2, .processes = 1});
  ExhaustiveOptions options;
  options.states_max = kEnoughStates;
  const ExhaustiveResult straight = Explore(setting, options);
  const Directory directory;
  options.resume = directory.path();
  options.states_max = 100;
  EXPECT_EQ(Explore(setting, options).end, ExhaustiveResult::End::kStates);
  options.states_max = 3000;
  EXPECT_EQ(Explore(setting, options).end, ExhaustiveResult::End::kStates);
  options.states_max = kEnoughStates;
  ExpectSame(straight, Explore(setting, options));
  // And a finished one says the same again.
  ExpectSame(straight, Explore(setting, options));
  // Another exploration does not get this progress.
  const Setting other = NamedSetting("rwp-anon", {.pages = 1, .processes = 1});
  EXPECT_FALSE(Exhaust(other, options).ok());
}

TEST(Exhaustive, SurvivesBeingKilled) {
  const Setting setting = NamedSetting("rwp-shmem", {.pages = 2, .processes = 1});
  ExhaustiveOptions options;
  options.states_max = kEnoughStates;
  const ExhaustiveResult straight = Explore(setting, options);
  const Directory directory;
  options.resume = directory.path();
  for (int kill_number = 0; kill_number < 3; ++kill_number) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto result = Exhaust(setting, options);
      _exit(result.ok() ? 0 : 1);
    }
    usleep(10000U * static_cast<unsigned>(kill_number + 1));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
  }
  ExpectSame(straight, Explore(setting, options));
}

TEST(Exhaustive, CounterexampleIsShortestAndReplays) {
  const std::string text = R"(
map A anon 2
uffd U features=rwp,rwp_async
register U A 0 2 rwp
madvise A 0 2 MERGEABLE
letters
read A $p
write A $p 1
rwprotect U A $p 1 on
rwprotect U A $p 1 off
ksm run
)";
  EXPECT_EQ(Explore(SettingOf(text, {}), {}).end, ExhaustiveResult::End::kClosed);
  const Setting setting = SettingOf(text, {}, {"release-ksm-merge"});
  const ExhaustiveResult result = Explore(setting, {});
  ASSERT_EQ(result.end, ExhaustiveResult::End::kViolation);
  const Counterexample& found = result.found.front();
  EXPECT_EQ(found.violation.name, "NoLossWithoutReason");
  EXPECT_EQ(found.letters.size(), 4U);  // two equal pages, one of them armed, the daemon
  const Scenario scenario = ToScenario(setting, found.letters, found.violation);
  RunOptions run;
  run.checking = Checking::kAlways;
  const auto replayed = RunScenario(scenario, run);
  ASSERT_TRUE(replayed.ok()) << replayed.status().message();
  EXPECT_EQ(replayed->violations, 1);
}

TEST(Exhaustive, SetupThatFailsIsBadInput) {
  const Setting setting = SettingOf("map A anon 1\nregister U A 0 1 rwp\nletters\nread A 0\n", {});
  const auto result = Exhaust(setting, {});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(std::string(result.status().message()).find("register U A 0 1 rwp"), std::string::npos);
}

// A closed space promises nothing about a letter that nobody could issue.
TEST(Exhaustive, SaysWhichLettersWereNeverPossible) {
  const Setting setting = SettingOf("map A anon 1\nletters\nread A 0\n@1 read A 0\n", {});
  const ExhaustiveResult result = Explore(setting, {});
  EXPECT_EQ(NeverPossible(setting, result), std::vector<std::string>{"@1 read A 0"});
  const Setting forked =
      SettingOf("map A anon 1\nletters\nread A 0\nfork 1\n@1 read A 0\nexit 1\n", {});
  EXPECT_TRUE(NeverPossible(forked, Explore(forked, {})).empty());
}

TEST(Exhaustive, TheEnvironmentsAnswersAreLetters) {
  // Untouched; written; emptied with what stays of a page that was written. Each armed or not.
  const std::string text = "map A anon 1\nletters\nwrite A 0 1\nmadvise A 0 1 DONTNEED\n";
  const ExhaustiveResult without = Explore(SettingOf(text, {}), {});
  const ExhaustiveResult with = Explore(SettingOf(text + "choose fail_page\n", {}), {});
  EXPECT_EQ(with.end, ExhaustiveResult::End::kClosed);
  EXPECT_GE(with.states, 2 * without.states);
  EXPECT_TRUE(with.found.empty());
}

// What only a fork that runs out of memory shows is found with its failure, and replays with it.
TEST(Exhaustive, ACounterexampleKeepsTheEnvironmentsAnswers) {
  const std::string text = R"(
map A anon 1
write A 0 1
uffd U features=rwp,event_fork
register U A 0 1 rwp
letters
fork 1
exit 1
)";
  const std::vector<std::string> defect = {"F8-fork-failure-with-uffd"};
  ExhaustiveOptions options;
  options.states_max = 200;
  EXPECT_TRUE(Explore(SettingOf(text, {}, defect), options).found.empty());
  const std::string failing = text + "choose fail_page_table\n";
  EXPECT_TRUE(Explore(SettingOf(failing, {}), options).found.empty());
  const Setting setting = SettingOf(failing, {}, defect);
  const ExhaustiveResult result = Explore(setting, options);
  ASSERT_EQ(result.end, ExhaustiveResult::End::kViolation);
  const Counterexample& found = result.found.front();
  EXPECT_EQ(found.letters.size(), 2U);
  const auto broken = FirstBroken(ToScenario(setting, found.letters, found.violation));
  ASSERT_TRUE(broken.ok() && broken->has_value()) << broken.status();
  EXPECT_EQ((*broken)->violation.invariant, found.violation.name);
}

TEST(Alphabet, PlacesThatNoLineMapsAreRefused) {
  for (const char* letter : {"read B 0", "read A 99", "read A 2", "move U B 0 A 0 1", "observe",
                             "note x", "thread T read A 0", "step T"}) {
    const auto broken = ParseAlphabet(
        "a", std::string("map A anon 2\nuffd U features=move\nletters\n") + letter + "\n", {});
    ASSERT_FALSE(broken.ok()) << letter;
    EXPECT_EQ(std::string(broken.status().message()).find("a:4:1: expected"), 0U)
        << broken.status().message();
  }
  EXPECT_TRUE(ParseAlphabet("a", "map A anon 1\nletters\nmremap A 0 1 3 B 2\nread B 4\n", {}).ok());
}

TEST(Alphabet, ErrorsNameTheLine) {
  const auto broken = ParseAlphabet("a.alphabet", "map A anon $n\nletters\nraed A $p\n", {});
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(std::string(broken.status().message()).find("a.alphabet:3:1"), 0U)
      << broken.status().message();
  EXPECT_FALSE(ParseAlphabet("a.alphabet", "map A anon 1\n", {}).ok());
  EXPECT_FALSE(LoadAlphabet("rwp-anno", {}).ok());
}

TEST(Alphabet, EveryRowSetsUp) {
  for (const AlphabetRow& row : Alphabets()) {
    for (const std::uint32_t pages : {2U, 3U}) {
      const Setting setting = NamedSetting(std::string(row.name), {.pages = pages, .processes = 2});
      const Subject subject(setting);
      EXPECT_TRUE(subject.ok()) << row.name << " line " << subject.failed_setup();
    }
  }
}

}  // namespace
}  // namespace uffdsim

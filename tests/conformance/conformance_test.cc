// Does holding the model against a kernel work: on recordings, on the kernel that this test runs
// on, and where the two sides differ?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/conform/adapt.h"
#include "sim/conform/backend.h"
#include "sim/conform/campaign.h"
#include "sim/conform/chance.h"
#include "sim/conform/commands.h"
#include "sim/conform/host.h"
#include "sim/conform/judge.h"
#include "sim/conform/model_run.h"
#include "sim/conform/recorded.h"
#include "sim/conform/report.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

const std::string kHere = UFFDSIM_SOURCE_DIR "/tests/conformance";

// Says what the model says, except that one record may be replaced, always or in one wake order.
class Echo : public Backend {
 public:
  absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                RunOrder order) override {
    const auto scenario = ParseScenario(name, text);
    if (!scenario.ok()) return scenario.status();
    auto model = RunModel(*scenario, {});
    if (!model.ok()) return model.status();
    KernelRun run;
    run.kernel = "echo";
    run.arch = "x86_64";
    run.records = std::move(model->records);
    const bool now = always || order == RunOrder::kOldestFirst;
    if (at >= 0 && now && static_cast<std::size_t>(at) < run.records.size()) {
      run.records[static_cast<std::size_t>(at)] = replacement;
    }
    return run;
  }
  std::string Description() const override { return "echo"; }

  int at = -1;
  bool always = true;
  std::string replacement;
};

Scenario Parse(const std::string& text) {
  auto scenario = ParseScenario("test", text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

const char kShort[] = "map A anon 4\nwrite A 0 7 4\nread A 0 4\n";
const char kOtherRead[] =
    R"({"i":2,"process":0,"op":"read","status":"ok","ret":4,"values":[[8,4]]})";

TEST(Judge, FindsTheFirstRecordThatDiffers) {
  Echo echo;
  const auto agree = Judge(Parse(kShort), &echo, {});
  ASSERT_TRUE(agree.ok()) << agree.status();
  EXPECT_FALSE(agree->first);
  EXPECT_EQ(agree->compared, 3);

  echo.at = 2;
  echo.replacement = kOtherRead;
  const auto differ = Judge(Parse(kShort), &echo, {});
  ASSERT_TRUE(differ.ok()) << differ.status();
  ASSERT_TRUE(differ->first);
  EXPECT_EQ(differ->first->index, 2);
  EXPECT_EQ(differ->first->operation, "read A 0 4");
  EXPECT_THAT(VerdictText(*differ), HasSubstr("values [[8,4]]"));
  EXPECT_THAT(VerdictJson(*differ), HasSubstr("\"divergence\""));
}

TEST(Report, ADivergenceMattersMoreThanAKernelThatHung) {
  Verdict agrees;
  EXPECT_EQ(ExitStatus(agrees), 0);
  Verdict hung;
  hung.failed = "kernel hung";
  EXPECT_EQ(ExitStatus(hung), 2);
  Verdict differs = hung;
  differs.first = Divergence{};
  EXPECT_EQ(ExitStatus(differs), 1);
  Verdict broken = differs;
  broken.model_died = true;
  EXPECT_EQ(ExitStatus(broken), 3);
  EXPECT_EQ(WorseStatus(2, 1), 1);
  EXPECT_EQ(WorseStatus(0, 2), 2);
  EXPECT_EQ(WorseStatus(3, 1), 3);
}

TEST(Judge, LeavesAloneWhatTheKernelDoesNotRepeat) {
  // The first run agrees until record 2; in the other order it says something else.
  class Moody : public Echo {
   public:
    absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                  RunOrder order) override {
      replacement = kOtherRead;
      at = ++runs_ == 1 ? 2 : -1;
      return Echo::Run(name, text, order);
    }

   private:
    int runs_ = 0;
  };
  Moody moody;
  const auto verdict = Judge(Parse(kShort), &moody, {});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_FALSE(verdict->first);
  EXPECT_EQ(verdict->compared, 2);
  EXPECT_THAT(verdict->varies, HasSubstr("from record 2 on"));
}

TEST(Judge, ComparesNoYoungBitAfterTheKernelReclaimed) {
  class Reclaiming : public Echo {
   public:
    absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                  RunOrder order) override {
      auto run = Echo::Run(name, text, order);
      if (run.ok()) {
        EXPECT_TRUE(TakeExecutorLine(line, &*run));
      }
      return run;
    }
    std::string line;
  };
  const Scenario scenario = Parse("map A anon 1\nwrite A 0 7\nobserve raw\n");
  const auto model = RunModel(scenario, {});
  ASSERT_TRUE(model.ok()) << model.status();
  Reclaiming kernel;
  kernel.at = 2;
  kernel.replacement = model->records[2];
  const std::size_t entry = kernel.replacement.find("\"PWUAD");
  ASSERT_NE(entry, std::string::npos) << kernel.replacement;
  kernel.replacement.replace(entry, 6, "\"PWUD");

  kernel.line = R"({"reclaimed":"2"})";
  const auto unknown = Judge(scenario, &kernel, {});
  ASSERT_TRUE(unknown.ok()) << unknown.status();
  EXPECT_FALSE(unknown->first);
  kernel.line = R"({"reclaimed":"3"})";
  const auto differs = Judge(scenario, &kernel, {});
  ASSERT_TRUE(differs.ok()) << differs.status();
  EXPECT_TRUE(differs->first);
}

TEST(Adapt, TakesFromBothWhatAnOlderKernelCannotShow) {
  KernelRun run;
  run.offered = 0x1ffff;
  run.lacks = "soft-dirty page-tables memory-failure";
  EXPECT_FALSE(ShowsEverything(run));
  std::string kernel = R"({"op":"uffd","features":"0x1ffff","ioctls":"0x8000000000000003"})";
  std::string model = R"({"op":"uffd","features":"0x7ffff","ioctls":"0x8000000000000403"})";
  Adapt(run, &kernel, &model);
  EXPECT_EQ(kernel, model);
  kernel = R"({"op":"observe","processes":[{"regions":{"A":{"vmas":[{"flags":"rd wr"}],)"
           R"("pages":[{"pagemap":"P----X-","scan":"-w-p------"}]}}}]})";
  model =
      R"({"op":"observe","aliases":[[1]],"processes":[{"regions":{"A":{"vmas":[{"flags":"rd wr sd"}],)"
      R"("pages":[{"pagemap":"P---DX-","scan":"---p---d-A","entry":"PW","frame":"A1"}]}}}]})";
  Adapt(run, &kernel, &model);
  EXPECT_EQ(kernel, model);
}

TEST(Adapt, AnEmptyHugetlbEntryIsAHoleOnTwoArchitectures) {
  const std::string hole = R"({"op":"scan","regions":[{"categories":"----------"}]})";
  const std::string empty = R"({"op":"scan","regions":[{"categories":"------h---"}]})";
  const std::string page = R"({"op":"scan","regions":[{"categories":"---p--h---"}]})";
  const auto equal = [](const std::string& arch, std::string kernel, std::string model) {
    KernelRun run;
    run.arch = arch;
    run.lacks = "page-tables";
    Adapt(run, &kernel, &model);
    return kernel == model;
  };
  EXPECT_TRUE(equal("ppc64le", hole, empty));
  EXPECT_TRUE(equal("loongarch64", hole, empty));
  EXPECT_FALSE(equal("s390x", hole, empty));
  EXPECT_FALSE(equal("ppc64le", hole, page));
  EXPECT_FALSE(equal("ppc64le", empty, page));
  const auto region = [](const char* flags, const char* scan, int mincore) {
    return absl::StrCat(R"({"op":"observe","processes":[{"regions":{"A":{"vmas":[{"flags":")",
                        flags, R"("}],"pages":[{"scan":")", scan, R"(","mincore":)", mincore,
                        "}]}}}]}");
  };
  EXPECT_TRUE(equal("ppc64le", region("rd ht", "---------", 1), region("rd ht", "------h--", 0)));
  EXPECT_FALSE(equal("ppc64le", region("rd ht", "---p--h--", 1), region("rd ht", "---p--h--", 0)));
  EXPECT_FALSE(equal("ppc64le", region("rd sh", "---------", 1), region("rd sh", "---------", 0)));
}

TEST(Chance, HidesOnlyWhatNumaBalancingDoesByTheClock) {
  const Chance balanced{.balanced = true};
  const auto entry = [](const std::string& text) {
    return R"({"processes":[{"regions":{"A":{"pages":[{"entry":")" + text + R"("}]}}}]})";
  };
  EXPECT_EQ(WithoutChance(entry("ANMZ"), balanced), WithoutChance(entry("PWADM"), balanced));
  EXPECT_EQ(WithoutChance(entry("MHN"), balanced), WithoutChance(entry("MPH"), balanced));
  EXPECT_EQ(WithoutChance(entry("NRAD"), balanced),
            WithoutChance(entry("PWAD"), balanced));  // arm64
  EXPECT_NE(WithoutChance(entry("ANF"), balanced), WithoutChance(entry("PWAD"), balanced));
  EXPECT_NE(WithoutChance(entry("0"), balanced), WithoutChance(entry("P"), balanced));
  EXPECT_NE(WithoutChance(entry("swap:MF"), balanced), WithoutChance(entry("PF"), balanced));

  const Scenario scenario = Parse(
      "map A anon 1\nsysfs /proc/sys/kernel/numa_balancing 1\nspin 10\n"
      "sysfs /proc/sys/kernel/numa_balancing 0\n");
  std::string on;
  for (const Chance& chance : ChanceOfOperations(scenario, "x86_64"))
    on += chance.Any() ? '1' : '0';
  EXPECT_EQ(on, "0111");
}

TEST(Chance, HidesOnlyTheDirtyBitOfAPageThatCompactionMoved) {
  const Chance dirtied{.software_dirty = true};
  EXPECT_EQ(WithoutChance(R"({"entry":"PWUADX"})", dirtied),
            WithoutChance(R"({"entry":"PWUAX"})", dirtied));
  EXPECT_NE(WithoutChance(R"({"entry":"PWRUADX"})", dirtied),
            WithoutChance(R"({"entry":"PWRUAX"})", dirtied));
  const Chance compacted{.compacted = true};
  const auto page = [](const std::string& pagemap, const std::string& entry) {
    return R"({"pagemap":")" + pagemap + R"(","entry":")" + entry + R"("})";
  };
  EXPECT_EQ(WithoutChance(page("P-F-D--", "PWUADMX"), compacted),
            WithoutChance(page("P-F-D--", "PWUAX"), compacted));
  EXPECT_NE(WithoutChance(page("P---D--", "PWUADMX"), compacted),
            WithoutChance(page("P---D--", "PWUAX"), compacted));
  EXPECT_NE(WithoutChance(page("P-F-D--", "PUADMX"), compacted),
            WithoutChance(page("P-F-D--", "PUAX"), compacted));
  const Chance freed{.freed = true};
  EXPECT_EQ(WithoutChance(page("P---D--", "PUAMZX"), freed),
            WithoutChance(page("P---D--", "PUMX"), freed));
  EXPECT_NE(WithoutChance(page("P---D--", "PUMX"), freed),
            WithoutChance(page("P---D--", "PUX"), freed));
  const Scenario freeing = Parse("map A anon 1\nmadvise A 0 1 FREE\ncompact\nmadvise A 0 1 FREE\n");
  EXPECT_FALSE(ChanceOfOperations(freeing, "x86_64")[2].freed);
  EXPECT_TRUE(ChanceOfOperations(freeing, "x86_64")[3].freed);
  const Scenario scenario = Parse("map A anon 1\ncompact\nread A 0\n");
  EXPECT_FALSE(ChanceOfOperations(scenario, "x86_64")[2].software_dirty);
  EXPECT_TRUE(ChanceOfOperations(scenario, "x86_64")[2].compacted);
  EXPECT_FALSE(ChanceOfOperations(scenario, "aarch64")[0].compacted);
  EXPECT_TRUE(ChanceOfOperations(scenario, "aarch64")[2].software_dirty);
}

TEST(Mutate, VariesTheSameWayForTheSameSeed) {
  const auto corpus = LoadCorpus({UFFDSIM_SOURCE_DIR "/tests/golden/scenarios/focused"});
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  std::size_t different = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::size_t base = seed % corpus->size();
    const std::string once = FormatScenario(Vary(*corpus, base, seed));
    EXPECT_EQ(once, FormatScenario(Vary(*corpus, base, seed)));
    EXPECT_FALSE(once.empty()) << seed;
    different += once == FormatScenario(Vary(*corpus, base, seed + 1000)) ? 0 : 1;
  }
  EXPECT_GT(different, 45U);
}

class Recordings : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Conformance, Recordings, testing::Values("recorded", "recorded-arm64"));

TEST_P(Recordings, AreWhatTheModelSays) {
  const std::string folder = kHere + "/" + GetParam();
  const auto files = ScenarioFiles({folder});
  ASSERT_TRUE(files.ok()) << files.status();
  const auto backend = MakeRecordedBackend(folder);
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    JudgeOptions once;
    once.repetitions = 1;
    const auto verdict = Judge(*scenario, backend.get(), once);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ(verdict->failed, "") << file;
    EXPECT_GT(verdict->compared, 0) << file;
    EXPECT_FALSE(verdict->first) << VerdictText(*verdict);
  }
}

// On another release a difference may be that release's own: it is printed, and fails on 7.3 only.
TEST(Conformance, AgreesWithThisKernel) {
  const std::string executor = DefaultExecutor();
  if (!std::filesystem::exists(executor)) GTEST_SKIP() << executor << " is not built here";
  const auto files = ScenarioFiles({kHere + "/host"});
  ASSERT_TRUE(files.ok()) << files.status();
  const auto backend = MakeHostBackend(executor, MachineWide::kRefused);
  ConformTotals totals;
  for (const std::string& file : *files) {
    const auto scenario = LoadScenario(file);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    const auto verdict = Judge(*scenario, backend.get(), {});
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    totals.Add(*verdict);
    EXPECT_EQ(verdict->failed, "") << file;
    EXPECT_TRUE(verdict->compared > 0 || !verdict->skipped.empty()) << file;
    if (!verdict->first) continue;
    if (verdict->kernel.rfind("7.3.", 0) == 0) {
      ADD_FAILURE() << VerdictText(*verdict);
    } else {
      std::cout << VerdictText(*verdict);
    }
  }
  std::cout << TotalsText(totals, backend->Description());
}

}  // namespace
}  // namespace uffdsim

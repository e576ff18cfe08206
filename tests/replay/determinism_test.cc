// Is a result a function of trace, configuration and seed? And does it work for every tracker with
// every policy?
#include <gtest/gtest.h>

#include <string>

#include "sim/replay/report.h"
#include "tests/replay/replay_test_util.h"
#include "workloads/workload.h"

namespace uffdsim {
namespace {

class WorkloadStream final : public EventStream {
 public:
  WorkloadStream(std::string_view name, const WorkloadSetting& setting)
      : events_(*FindWorkload(name), setting) {}
  const TraceHeader& header() const override { return events_.header(); }
  absl::StatusOr<std::optional<Event>> Next() override { return events_.Next(); }

 private:
  WorkloadEvents events_;
};

std::string JsonOf(const std::string& workload,
                   const std::vector<std::pair<std::string, std::string>>& changes,
                   std::uint64_t workload_seed = 1) {
  WorkloadSetting setting;
  setting.pages = 2000;
  setting.accesses = 40'000;
  setting.seed = workload_seed;
  WorkloadStream stream(workload, setting);
  const ReplayConfig config = Config(changes);
  const ReplayResult result = MustRun(config, stream);
  EXPECT_GT(result.metrics.accesses, 0) << workload;
  EXPECT_EQ(result.metrics.lost_updates, 0) << workload;
  EXPECT_EQ(result.metrics.violations, 0) << workload;
  ReplayInput input;
  input.header = stream.header();
  return ReplayJson(result, {}, config.costs, input, {});
}

TEST(Determinism, TheSameRunGivesTheSameBytes) {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"dram", "1MiB"}, {"interval", "2ms"}, {"store", "nvme:jitter_permille=300"}};
  EXPECT_EQ(JsonOf("zipf", changes), JsonOf("zipf", changes));
}

TEST(Determinism, SeedsMatterWhereSomethingIsRandom) {
  const auto with_seed = [](const char* seed) {
    return JsonOf("zipf", {{"dram", "1MiB"},
                           {"interval", "2ms"},
                           {"store", "nvme:jitter_permille=300"},
                           {"seed", seed}});
  };
  EXPECT_NE(with_seed("1"), with_seed("2"));
}

TEST(Determinism, WorkloadSeedsMatter) {
  EXPECT_NE(JsonOf("zipf", {{"dram", "1MiB"}}, 1), JsonOf("zipf", {{"dram", "1MiB"}}, 2));
}

TEST(Matrix, EveryTrackerWithEveryPolicyLosesNothing) {
  for (const TrackerRow& tracker : Trackers()) {
    for (const PolicyRow& policy : Policies()) {
      if (policy.needs == PolicyNeeds::kFuture) continue;
      // Policies see trackers with faults and scans all alike: one of them meets every policy.
      const bool every_policy = tracker.name == "rwp" || tracker.name == "oracle";
      if (!every_policy && policy.name != "age" && policy.name != "mglru") continue;
      for (const WorkloadRow& workload : Workloads()) {
        SCOPED_TRACE(std::string(tracker.name) + " " + std::string(policy.name) + " " +
                     std::string(workload.name));
        JsonOf(std::string(workload.name), {{"dram", "1MiB"},
                                            {"interval", "3ms"},
                                            {"store", "cxl"},
                                            {"check", policy.name == "age" ? "on" : "off"},
                                            {"tracker", std::string(tracker.name)},
                                            {"policy", std::string(policy.name)}});
      }
    }
  }
}

// Marks, messages and bits: one tracker of each kind.
TEST(Matrix, EveryArmingStrategyWithEachKindOfTracker) {
  for (const std::string_view name : {"rwp", "zap", "accessed-bit"}) {
    const TrackerRow& tracker = *FindTracker(name);
    for (const ArmingRow& arming : ArmingStrategies()) {
      SCOPED_TRACE(std::string(tracker.name) + " " + std::string(arming.name));
      JsonOf("zipf", {{"dram", "1MiB"},
                      {"interval", "3ms"},
                      {"check", "on"},
                      {"tracker", std::string(tracker.name)},
                      {"arming", std::string(arming.name)}});
    }
  }
}

TEST(Matrix, EveryStore) {
  for (const StoreRow& store : Stores()) {
    SCOPED_TRACE(std::string(store.name));
    JsonOf("phase", {{"dram", "1MiB"}, {"interval", "5ms"}, {"store", std::string(store.name)}});
  }
}

TEST(Matrix, EveryWorkloadProactively) {
  for (const TrackerRow& tracker : Trackers()) {
    for (const WorkloadRow& workload : Workloads()) {
      SCOPED_TRACE(std::string(tracker.name) + " " + std::string(workload.name));
      JsonOf(std::string(workload.name), {{"evict", "cold"},
                                          {"interval", "3ms"},
                                          {"check", "on"},
                                          {"store", "remote"},
                                          {"tracker", std::string(tracker.name)}});
    }
  }
}

TEST(Matrix, EveryArchitectureThatCanTrack) {
  std::uint64_t ran = 0;
  std::uint64_t refused = 0;
  for (const Arch* arch : AllArchs()) {
    SCOPED_TRACE(std::string(arch->name()));
    MemoryStream stream(2048);
    for (std::uint64_t i = 0; i < 8; ++i) {
      stream.Epoch(i * 5'000'000, (i * 5 + 4) * 1'000'000, Range(0, 2048, kTouchWrite));
    }
    const ReplayConfig config =
        Config({{"arch", std::string(arch->name())}, {"interval", "10ms"}, {"check", "on"}});
    const absl::StatusOr<ReplayResult> result = RunReplay(config, stream, 0);
    if (!arch->SupportsUffd()) {
      EXPECT_FALSE(result.ok());
      ++refused;
      continue;
    }
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_GT(result->metrics.faults_rwp_async, 0);
    EXPECT_EQ(result->metrics.lost_updates, 0);
    EXPECT_EQ(result->metrics.violations, 0);
    ++ran;
  }
  EXPECT_GT(ran, 5);
  EXPECT_GT(refused, 2);
}

TEST(Failures, AStoreThatFailsLosesNothing) {
  JsonOf("zipf", {{"dram", "1MiB"},
                  {"interval", "3ms"},
                  {"fail-reads", "7"},
                  {"fail-writes", "5"},
                  {"check", "on"}});
}

}  // namespace
}  // namespace uffdsim

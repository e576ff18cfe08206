// Do the synthetic guests have the properties that their rows promise?
#include "workloads/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace uffdsim {
namespace {

// How often each page was touched.
std::vector<std::uint64_t> Counts(const char* name, std::uint32_t pages, std::uint64_t accesses) {
  WorkloadSetting setting;
  setting.pages = pages;
  setting.accesses = accesses;
  WorkloadEvents events(*FindWorkload(name), setting);
  std::vector<std::uint64_t> counts(pages);
  while (const std::optional<Event> event = events.Next()) {
    for (const std::uint32_t entry : event->entries) ++counts.at(EntryPage(entry));
  }
  return counts;
}

TEST(Workload, AllRowsStayInsideAndGiveWhatWasAsked) {
  for (const WorkloadRow& row : Workloads()) {
    for (const std::uint32_t pages : {1U, 7U, 1000U}) {
      SCOPED_TRACE(std::string(row.name) + " " + std::to_string(pages));
      const auto counts = Counts(std::string(row.name).c_str(), pages, 100'001);
      EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 100'001);
    }
  }
}

TEST(Workload, UniformIsEven) {
  const auto counts = Counts("uniform", 100, 1'000'000);
  for (const std::uint64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 10'000, 600);
}

TEST(Workload, ScanTouchesEachPageEquallyOften) {
  const auto counts = Counts("scan", 1000, 50'000);
  for (const std::uint64_t count : counts) EXPECT_EQ(count, 50);
}

TEST(Workload, ZipfHasAHeadAndATail) {
  auto counts = Counts("zipf", 1023, 1'000'000);
  std::sort(counts.rbegin(), counts.rend());
  // Ten octaves of ranks with a tenth of the accesses each.
  EXPECT_NEAR(static_cast<double>(counts[0]), 100'000, 3'000);
  EXPECT_NEAR(static_cast<double>(counts[1] + counts[2]), 100'000, 3'000);
  EXPECT_NEAR(
      static_cast<double>(std::accumulate(counts.begin() + 511, counts.end(), std::uint64_t{0})),
      100'000, 3'000);
  EXPECT_GT(counts.back(), 0);
}

TEST(Workload, PhaseMoves) {
  WorkloadSetting setting;
  setting.pages = 800;
  setting.accesses = 400'000;
  WorkloadEvents events(*FindWorkload("phase"), setting);
  std::vector<std::uint64_t> hot(4);  // accesses of each quarter of the run to its hot eighth
  std::uint64_t done = 0;
  while (const std::optional<Event> event = events.Next()) {
    for (const std::uint32_t entry : event->entries) {
      const std::uint64_t quarter = std::min<std::uint64_t>(done++ / 100'000, 3);
      const std::uint32_t page = EntryPage(entry);
      if (page >= quarter * 200 && page < quarter * 200 + 100) ++hot[quarter];
    }
  }
  for (const std::uint64_t count : hot) EXPECT_GT(count, 85'000);
}

TEST(Workload, WritesAreTheShareThatWasAsked) {
  WorkloadSetting setting;
  setting.pages = 10;
  setting.accesses = 100'000;
  setting.write_permille = 300;
  WorkloadEvents events(*FindWorkload("uniform"), setting);
  std::uint64_t writes = 0;
  while (const std::optional<Event> event = events.Next()) {
    for (const std::uint32_t entry : event->entries) writes += (entry & kTouchWrite) != 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(writes), 30'000, 1'000);
}

TEST(Workload, UnknownNamesAreNull) { EXPECT_EQ(FindWorkload("zipff"), nullptr); }

}  // namespace
}  // namespace uffdsim

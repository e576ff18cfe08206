// Does the comparison with recordings see what it must see, and nothing else?
#include <gtest/gtest.h>

#include "sim/scenario/compare.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

std::string Observe(const std::string& pages) {
  return R"({"i":0,"process":0,"op":"observe","processes":[{"process":0,"regions":{"A":{"vmas":[],)"
         R"("pages":[)" +
         pages + R"(]}},"uffd":{}}]})";
}

std::string Pages(int page, int count, const std::string& entry, const std::string& frame) {
  return "{\"page\":" + std::to_string(page) + ",\"count\":" + std::to_string(count) +
         ",\"entry\":\"" + entry + "\",\"frame\":\"" + frame + "\"}";
}

std::vector<std::string> Differences(const std::string& a, const std::string& b,
                                     Young young = Young::kComparable) {
  const auto differences = CompareRecords(a, b, young);
  EXPECT_TRUE(differences.ok()) << differences.status();
  return differences.ok() ? *differences : std::vector<std::string>{};
}

TEST(CompareRecords, EqualRecordsAgree) {
  const std::string record = R"({"i":3,"op":"read","status":"ok","ret":1,"values":[[17,1]]})";
  EXPECT_TRUE(Differences(record, record).empty());
}

TEST(CompareRecords, NamesTheFieldThatDiffers) {
  const auto found = Differences(R"({"i":3,"status":"ok","ret":1})", R"({"i":3,"status":"error"})");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], "ret: recorded 1, model nothing");
  EXPECT_EQ(found[1], "status: recorded \"ok\", model \"error\"");
}

TEST(CompareRecords, HowRunsWereCutDoesNotMatter) {
  EXPECT_TRUE(Differences(Observe(Pages(0, 4, "PWUAD", "A1")),
                          Observe(Pages(0, 1, "PWUAD", "A1") + "," + Pages(1, 3, "PWUAD", "A1")))
                  .empty());
}

TEST(CompareRecords, IgnoresWhatRecordingsCannotPromise) {
  EXPECT_TRUE(
      Differences(Observe(Pages(0, 1, "PWUADMX", "ABC1")), Observe(Pages(0, 1, "PWADM", "A1")))
          .empty());
  EXPECT_TRUE(
      Differences(Observe(Pages(0, 1, "MPWUADHMX", "ABT1")), Observe(Pages(0, 1, "MPWADHM", "AT1")))
          .empty());
}

TEST(CompareRecords, SeesTheRest) {
  EXPECT_EQ(
      Differences(Observe(Pages(0, 4, "ANF", "A1")), Observe(Pages(0, 4, "PWA", "A1"))).size(), 1U);
  EXPECT_EQ(
      Differences(Observe(Pages(0, 4, "ANF", "A1")), Observe(Pages(0, 4, "ANF", "A2"))).size(), 1U);
  EXPECT_EQ(
      Differences(Observe(Pages(0, 4, "ANF", "A1")), Observe(Pages(0, 3, "ANF", "A1"))).size(), 2U);
  // A huge entry is not a small one, nor is a missing table an empty entry.
  EXPECT_EQ(Differences(Observe(Pages(0, 1, "MPA", "A1")), Observe(Pages(0, 1, "PA", "A1"))).size(),
            1U);
  EXPECT_EQ(Differences(Observe(Pages(0, 1, "M0", "")), Observe(Pages(0, 1, "0", ""))).size(), 1U);
  EXPECT_EQ(Differences(Observe(Pages(0, 1, "G0", "")), Observe(Pages(0, 1, "M0", ""))).size(), 1U);
  // The letters of swap entries are all promised.
  EXPECT_EQ(
      Differences(Observe(Pages(0, 1, "swap:MF", "")), Observe(Pages(0, 1, "swap:M", ""))).size(),
      1U);
}

TEST(CompareRecords, YoungCountsUntilReclaimLooked) {
  const std::string old_page = Observe(Pages(0, 1, "NFM", "A1"));
  const std::string young_page = Observe(Pages(0, 1, "ANFM", "A1"));
  EXPECT_EQ(Differences(old_page, young_page).size(), 1U);
  EXPECT_TRUE(Differences(old_page, young_page, Young::kReclaimLooked).empty());
}

TEST(CompareRecords, ReportsStretchesOfPages) {
  const auto found = Differences(Observe(Pages(0, 8, "PA", "A1")),
                                 Observe(Pages(0, 2, "PA", "A1") + "," + Pages(2, 3, "NF", "A1") +
                                         "," + Pages(5, 3, "PA", "A1")));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], "@0.regions.A:2..4 entry: recorded PA, model NF");
}

TEST(CompareRecords, NotJsonIsAnError) {
  EXPECT_FALSE(CompareRecords("{", "{}", Young::kComparable).ok());
  EXPECT_FALSE(CompareRecords("{}", "x", Young::kComparable).ok());
}

TEST(YoungOfOperations, EndsWithTheFirstPageout) {
  const auto scenario =
      ParseScenario("t", "map A anon 4\nmadvise A 0 4 COLD\nmadvise A 0 4 PAGEOUT\nread A 0\n");
  ASSERT_TRUE(scenario.ok());
  EXPECT_EQ(YoungOfOperations(*scenario),
            (std::vector<Young>{Young::kComparable, Young::kComparable, Young::kReclaimLooked,
                                Young::kReclaimLooked}));
}

}  // namespace
}  // namespace uffdsim

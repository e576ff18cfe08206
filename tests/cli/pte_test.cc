// Does `uffdsim pte` decode, encode, compare, evaluate and judge as promised?
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/cli/program.h"

namespace uffdsim {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Answer Pte(const std::string& arguments) { return RunProgram("pte " + arguments); }

void ExpectRefused(const std::string& arguments, const std::string& said) {
  const Answer answer = Pte(arguments);
  EXPECT_EQ(answer.code, 2) << arguments << "\n" << answer.text;
  EXPECT_THAT(answer.text, HasSubstr(said)) << arguments;
}

TEST(PteCli, DecodesAndTheVerbMayBeLeftOut) {
  const Answer answer = Pte("decode x86_64 0x8000000012345867");
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.text, HasSubstr("pfn=0x12345 present rw user accessed dirty soft_dirty nx"));
  EXPECT_EQ(Pte("x86_64 0x8000000012345867").text, answer.text);
}

TEST(PteCli, EncodeTakesFieldsToTheWordAgain) {
  const Answer answer = Pte("encode x86_64 present pfn=0x12345 present rw user accessed nx");
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.text, "0x8000000012345027\n");
}

TEST(PteCli, DiffAsJsonHoldsBothWordsAndTheChange) {
  const Answer answer = Pte("diff x86_64 0x8000000012345867 0x8000000012345865 --json");
  EXPECT_EQ(answer.code, 0);
  const json diff = json::parse(answer.text);
  EXPECT_EQ(diff["before"]["word"], "0x8000000012345867");
  EXPECT_EQ(diff["after"]["word"], "0x8000000012345865");
  EXPECT_EQ(diff["changes"], json({{"rw", {"0x1", "0"}}}));
}

TEST(PteCli, HugetlbLeavesGoThroughTheConversion) {
  // On s390x a segment entry holds other bits than the pte helpers see; on x86-64 the same.
  const json s390x = json::parse(Pte("decode s390x 0x000000001230f401 --form hugetlb --json").text);
  EXPECT_EQ(s390x["stored"], "0x000000001230f401");
  EXPECT_EQ(s390x["word"], "0x000000001230083d");
  const json x86_64 =
      json::parse(Pte("decode x86_64 0x80000000122008e7 --form hugetlb --json").text);
  EXPECT_EQ(x86_64["stored"], "0x80000000122008e7");
  EXPECT_EQ(x86_64["word"], x86_64["stored"]);
  EXPECT_THAT(Pte("decode s390x 0x000000001230f401 --form hugetlb").text,
              HasSubstr("0x000000001230f401  as stored"));
}

TEST(PteCli, EvalUsesTheHypotheticalMark) {
  const Answer without = Pte("eval ppc64-64k-radix 'uffd(mkuffd(make(PFN, RW)))'");
  EXPECT_EQ(without.code, 0);
  EXPECT_THAT(without.text, HasSubstr("0x0000000000000000"));
  const Answer with =
      Pte("eval ppc64-64k-radix --what-if uffd-bit=11 'uffd(mkuffd(make(PFN, RW)))'");
  EXPECT_EQ(with.code, 0);
  EXPECT_THAT(with.text, HasSubstr("0x0000000000000001"));
}

TEST(PteCli, DecodeShowsTheHypotheticalMark) {
  const std::string word = "0xc000000123450987";
  EXPECT_THAT(Pte("decode ppc64-64k-radix " + word).text, Not(HasSubstr(" uffd")));
  EXPECT_THAT(Pte("decode ppc64-64k-radix --what-if uffd-bit=11 " + word).text, HasSubstr(" uffd"));
}

TEST(PteCli, AlgebraSaysWhetherABitIsFree) {
  const Answer free = Pte("algebra powerpc64 --what-if uffd-bit=11");
  EXPECT_EQ(free.code, 0) << free.text;
  EXPECT_THAT(free.text, HasSubstr("ppc64-64k-radix+uffd11: "));
  EXPECT_THAT(free.text, HasSubstr("the hypothetical bit is free"));
  const Answer taken = Pte("algebra powerpc64 --what-if uffd-bit=8");
  EXPECT_EQ(taken.code, 1) << taken.text;
  EXPECT_THAT(taken.text, HasSubstr("BROKEN"));
  EXPECT_THAT(taken.text, HasSubstr("a bit that is free, but accessed has it"));
  EXPECT_THAT(taken.text, HasSubstr("the hypothetical bit is not free; spare bits: pte 11 "));
}

TEST(PteCli, AlgebraOfAllIsCleanAndOneLineEach) {
  const Answer all = Pte("algebra --json");
  EXPECT_EQ(all.code, 0);
  std::istringstream lines(all.text);
  std::string line;
  int configurations = 0;
  bool knows_loongarch64_collision = false;
  while (std::getline(lines, line)) {
    const json report = json::parse(line);
    ++configurations;
    EXPECT_EQ(report["clean"], true) << line;
    EXPECT_GT(report["reachable_ptes"], 100);
    if (report["arch"] != "loongarch64-4k") continue;
    for (const json& law : report["laws"]) {
      if (law["law"] == "one-kind") knows_loongarch64_collision = law["known"] == true;
    }
  }
  EXPECT_GT(configurations, 6);
  EXPECT_TRUE(knows_loongarch64_collision);
}

// The last bit of the word is taken almost everywhere; no configuration refuses the question.
TEST(PteCli, EveryConfigurationAnswers) {
  const Answer answer = Pte("algebra all --json --what-if uffd-bit=63");
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.text, HasSubstr("s390x+uffd63"));
  EXPECT_THAT(answer.text, Not(HasSubstr("uffdsim: ")));
}

TEST(PteCli, BadInputIsRefusedWithNearMatches) {
  ExpectRefused("decode x86_65 0x1", "unknown architecture 'x86_65'; did you mean x86_64");
  ExpectRefused("algebra arm46", "unknown architecture 'arm46'; did you mean arm64");
  ExpectRefused("decode x86_64 12z", "word '12z': expected 64 bits");
  ExpectRefused("decode x86_64 0x1ffffffffffffffff", "expected 64 bits");
  ExpectRefused("decode x86_64 1 2", "expected one word");
  ExpectRefused("diff x86_64 1", "expected two words");
  ExpectRefused("decode x86_64 1 --form pme", "unknown form 'pme'; did you mean ");
  ExpectRefused("decode x86_64 1 --form hugetlb-pdu", "did you mean hugetlb-pud");
  ExpectRefused("decode loongarch64 1 --form hugetlb-pud", "no hugetlb leaf of this size");
  ExpectRefused("algebra x86_64 --what-if uffd-bit=64", "expected a bit number 0 to 63");
  ExpectRefused("algebra x86_64 --what-if bit=3", "expected uffd-bit, pmd-bit or swp-bit");
  ExpectRefused("eval x86_64 'mkufd(make(PFN, RW))'", "did you mean mkuffd");
  ExpectRefused("eval x86_64 'make(PFN, RW)' --form pmd", "--form");
  ExpectRefused("algebr x86_64", "did you mean algebra?");
}

}  // namespace
}  // namespace uffdsim

// Is adding a seventh architecture really one file (toy_arch.cc) and one row (toy_arch.def)?

#include <gtest/gtest.h>

#include "model/arch/algebra.h"
#include "model/arch/arch.h"
#include "model/arch/decode.h"
#include "model/arch/eval.h"

namespace uffdsim {
namespace {

TEST(Toy, IsInTheCatalogueBesideTheOthers) {
  ASSERT_NE(FindArch("toy"), nullptr);
  EXPECT_EQ(FindArch("toy")->name(), "toy-4k");
  EXPECT_NE(FindArch("x86_64"), nullptr);
  EXPECT_EQ(AllArchs().size(), 34U);
}

TEST(Toy, ObeysTheLaws) {
  const AlgebraReport report = CheckAlgebra(*FindArch("toy"));
  for (const LawResult& law : report.laws) {
    // Type 0, offset 0 has the swap bit, so not even that reads as empty.
    EXPECT_EQ(law.failed, 0U) << AlgebraText(report);
  }
  EXPECT_GT(report.reachable[0], 100U);
  EXPECT_GT(report.reachable[1], 100U);
}

TEST(Toy, HasEverythingTheOthersHave) {
  const Arch& toy = *FindArch("toy");
  EXPECT_TRUE(toy.SupportsUffd());
  EXPECT_FALSE(toy.SupportsSoftDirty());
  const absl::StatusOr<Value> rwp = Evaluate(toy, "RWP(RW)");
  ASSERT_TRUE(rwp.ok()) << rwp.status();
  EXPECT_EQ(rwp->bits, 0x12345161U);
  EXPECT_EQ(EntryLetters(toy, Form::kPte, rwp->bits), "PADF");
  EXPECT_EQ(ClassifyWord(toy, Form::kPte, rwp->bits), WordKind::kProtnone);
}

}  // namespace
}  // namespace uffdsim

// Same-page merging: who is promoted, what is lost, and un-merging that cannot wait.
#include "tests/path/scene.h"

#include "model/path/ksm.h"

namespace uffdsim {
namespace {

class Ksm : public Scene {
 protected:
  Outcome Control(const char* verb) {
    Operation op = Make(OpCode::k_ksm, 0, 0);
    op.text = verb;
    return Do(op);
  }
  void Merge() {
    ASSERT_EQ(Advise(Advice::kMergeable, 0, 4).status, Outcome::Status::kOk);
    ASSERT_EQ(Control("run").status, Outcome::Status::kOk);
  }
};

TEST_F(Ksm, TheSecondPageScannedIsPromotedInPlaceAndKeepsItsMark) {
  Map(MapKind::kAnon, 4);
  Write(0, 3, 9);
  Write(3, 1, 1);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 4);
  const Pfn second = Frame(1);
  Merge();
  EXPECT_EQ(Frame(0), second);
  EXPECT_EQ(Frame(1), second);
  EXPECT_EQ(Frame(2), second);
  EXPECT_NE(Frame(3), second);
  EXPECT_TRUE(Armed(1));
  EXPECT_FALSE(Armed(0));
  EXPECT_FALSE(Armed(2));
  EXPECT_TRUE(Armed(3));
  EXPECT_FALSE(arch().Uffd(Form::kPte, Entry(0)));
  EXPECT_TRUE(world().frames[second].Has(kPgKsm));
  EXPECT_EQ(world().frames[second].mapcount, 3);
}

TEST_F(Ksm, CountsOfSharedPages) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  ASSERT_EQ(Advise(Advice::kMergeable, 0, 4).status, Outcome::Status::kOk);
  const Outcome run = Control("run");
  EXPECT_EQ(run.ksm_shared, 1U);
  EXPECT_EQ(run.ksm_sharing, 3U);
}

TEST_F(Ksm, WritingAMergedPageCopiesIt) {
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  Merge();
  const Pfn shared = Frame(0);
  ASSERT_EQ(Frame(1), shared);
  Write(0, 1, 3);
  EXPECT_NE(Frame(0), shared);
  EXPECT_EQ(Do(OpCode::k_read, 1, 1).values[0].first, 9);
}

TEST_F(Ksm, PinnedPagesAreLeftAlone) {
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  world().frames[Frame(0)].pins = 1;
  world().frames[Frame(1)].pins = 1;
  Merge();
  EXPECT_NE(Frame(0), Frame(1));
  EXPECT_TRUE(arch().Write(Form::kPte, Entry(0)));
}

TEST_F(Ksm, UnmergingAnArmedPageFailsSilentlyInSynchronousMode) {
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Merge();
  Arm(ctx, 0, 2);
  const Pfn shared = Frame(0);
  EXPECT_EQ(Advise(Advice::kUnmergeable, 0, 4).status, Outcome::Status::kOk);
  EXPECT_EQ(Frame(0), shared);
  EXPECT_TRUE(Armed(0));
  EXPECT_FALSE(VmaOf(0).Has(kVmMergeable));
}

TEST_F(Ksm, UnmergingAnArmedPageResolvesItInAsynchronousMode) {
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureRwpAsync, 4);
  Merge();
  Arm(ctx, 0, 2);
  const Pfn shared = Frame(0);
  ASSERT_EQ(Frame(1), shared);
  EXPECT_EQ(Advise(Advice::kUnmergeable, 0, 4).status, Outcome::Status::kOk);
  EXPECT_NE(Frame(0), Frame(1));
  EXPECT_FALSE(Armed(0));
  EXPECT_FALSE(world().frames[Frame(0)].Has(kPgKsm));
}

}  // namespace
}  // namespace uffdsim

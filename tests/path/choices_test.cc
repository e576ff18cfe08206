// What each path does when the environment says no: the kernel's own error paths.
#include "tests/path/scene.h"

#include "model/op/choices.h"

namespace uffdsim {
namespace {

// Says yes to the n-th question (from 1) at one point, and counts all questions.
class YesOnce : public Choices {
 public:
  YesOnce(ChoicePoint point, int nth) : point_(point), nth_(nth) {}
  bool Choose(ChoicePoint point) override {
    if (point != point_) return false;
    return ++asked_ == nth_;
  }
  int asked() const { return asked_; }

 private:
  ChoicePoint point_;
  int nth_;
  int asked_ = 0;
};

class ChoicesTest : public Scene {
 protected:
  // The outcome of `op` when the environment says yes to the n-th question at `point`.
  Outcome With(ChoicePoint point, const Operation& op, int nth = 1) {
    YesOnce choices(point, nth);
    world().choices = &choices;
    const Outcome outcome = Do(op);
    world().choices = nullptr;
    EXPECT_GE(choices.asked(), nth);
    return outcome;
  }
  Operation Fork() {
    Operation op = Make(OpCode::k_fork, 0, 0);
    op.target = MmId(1);
    return op;
  }
  Operation Uffd(OpCode code, CtxId ctx, std::uint64_t page, std::uint64_t pages) {
    Operation op = Make(code, page, pages);
    op.ctx = ctx;
    return op;
  }
  Operation Move(std::uint64_t page, std::uint64_t pages, std::uint64_t to) {
    Operation op = Make(OpCode::k_mremap, page, pages);
    op.length2 = op.length;
    op.start2 = (kSceneFirst.value + to) * kScenePage;
    return op;
  }
};

TEST_F(ChoicesTest, UserCodeTriesAgainAndTheKernelGivesUp) {
  Map(MapKind::kAnon, 2);
  EXPECT_EQ(With(ChoicePoint::k_fail_page, Make(OpCode::k_write, 0, 1)).status,
            Outcome::Status::kOk);
  const Outcome kernel = With(ChoicePoint::k_fail_page, Make(OpCode::k_kernel_write, 1, 1));
  EXPECT_EQ(kernel.error, Errno::kEFAULT);
}

TEST_F(ChoicesTest, AForkThatFailsLeavesTheParentArmedAndNoChild) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureEventFork, 4);
  Arm(ctx, 0, 2);
  for (const ChoicePoint point :
       {ChoicePoint::k_fail_vma, ChoicePoint::k_fail_context, ChoicePoint::k_fail_page_table}) {
    EXPECT_EQ(With(point, Fork()).error, Errno::kENOMEM);
    EXPECT_FALSE(world().mms[1].alive);
    EXPECT_EQ(world().ctx(ctx).mmap_changing, 0U);
    EXPECT_TRUE(world().ctx(ctx).events.empty());
    EXPECT_TRUE(Armed(0));
    EXPECT_EQ(world().frames[Frame(0)].mapcount, 1U);
  }
}

TEST_F(ChoicesTest, APinnedPageThatCannotBeCopiedFailsTheFork) {
  Map(MapKind::kAnon, 2);
  Write(0, 2, 9);
  world().frames[Frame(1)].pins = 1;
  EXPECT_EQ(With(ChoicePoint::k_fail_page, Fork()).error, Errno::kENOMEM);
  world().frames[Frame(1)].pins = 0;
}

TEST_F(ChoicesTest, RegisteringKeepsTheVmasThatCameFirst) {
  Map(MapKind::kAnon, 4);
  Operation protect = Make(OpCode::k_mprotect, 2, 2);
  protect.prot = kProtRead;
  ASSERT_EQ(Do(protect).status, Outcome::Status::kOk);
  const CtxId ctx = OpenUffd(world(), MmId(0), false);
  ASSERT_EQ(UffdApi(world(), ctx, 0xAA, kFeatureRwp), Errno::kOk);
  Operation op = Uffd(OpCode::k_register, ctx, 0, 3);
  op.mode = kModeRwp;
  EXPECT_EQ(With(ChoicePoint::k_fail_vma, op).error, Errno::kENOMEM);
  EXPECT_TRUE(VmaOf(0).UffdRwp());
  EXPECT_FALSE(VmaOf(2).UffdRwp());
}

TEST_F(ChoicesTest, UnregisteringResolvesBeforeTheSplitFails) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 4);
  EXPECT_EQ(With(ChoicePoint::k_fail_vma, Uffd(OpCode::k_unregister, ctx, 0, 2)).error,
            Errno::kENOMEM);
  EXPECT_TRUE(VmaOf(0).UffdRwp());
  EXPECT_FALSE(Armed(0));
  EXPECT_TRUE(Armed(2));
}

TEST_F(ChoicesTest, ArmingWithMarkersStopsWhereATableIsMissing) {
  Map(MapKind::kShmem, 1024);
  const CtxId ctx = Register(kModeWp, kFeaturePagefaultFlagWp | kFeatureWpHugetlbfsShmem, 1024);
  Operation op = Uffd(OpCode::k_writeprotect, ctx, 0, 1024);
  op.flags = kOpOn;
  EXPECT_EQ(With(ChoicePoint::k_fail_page_table, op, 2).error, Errno::kENOMEM);
  EXPECT_EQ(Kind(511), EntryKind::kMarker);
  EXPECT_EQ(Kind(512), EntryKind::kNone);
}

TEST_F(ChoicesTest, AnMremapThatFailsPutsTheEntriesBack) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  const Pfn frame = Frame(1);
  EXPECT_EQ(With(ChoicePoint::k_fail_page_table, Move(0, 4, 1024)).error, Errno::kENOMEM);
  EXPECT_EQ(Frame(1), frame);
  EXPECT_EQ(mm().vmas.Find(kSceneFirst + 1024), nullptr);
}

TEST_F(ChoicesTest, AHugePageThatIsNotThereMeansSmallOnes) {
  Map(MapKind::kAnon, 512);
  ASSERT_EQ(Advise(Advice::kHugepage, 0, 512).status, Outcome::Status::kOk);
  EXPECT_EQ(With(ChoicePoint::k_fail_huge_page, Make(OpCode::k_write, 3, 1)).status,
            Outcome::Status::kOk);
  EXPECT_EQ(Kind(3), EntryKind::kPresent);
  EXPECT_EQ(Kind(4), EntryKind::kNone);
}

TEST_F(ChoicesTest, ACollapseNeedsAHugePage) {
  Map(MapKind::kAnon, 512);
  Write(0, 512, 9);
  Operation op = Make(OpCode::k_madvise, 0, 512);
  op.advice = Advice::kCollapse;
  EXPECT_EQ(With(ChoicePoint::k_fail_huge_page, op).error, Errno::kENOMEM);
  EXPECT_EQ(Kind(0), EntryKind::kPresent);
}

TEST_F(ChoicesTest, CopyStopsAtThePageThatCannotBeHad) {
  Map(MapKind::kAnon, 4);
  const CtxId ctx = Register(kModeMissing, 0, 4);
  const Outcome some = With(ChoicePoint::k_fail_page, Uffd(OpCode::k_copy, ctx, 0, 3), 2);
  EXPECT_EQ(some.error, Errno::kEAGAIN);
  EXPECT_EQ(some.out_pages, 1);
  const Outcome none = With(ChoicePoint::k_fail_page, Uffd(OpCode::k_copy, ctx, 2, 1));
  EXPECT_EQ(none.error, Errno::kENOMEM);
}

TEST_F(ChoicesTest, APageThatReclaimCannotUnmapStaysArmed) {
  ASSERT_EQ(Do(OpCode::k_swapon, 0, 0).status, Outcome::Status::kOk);
  Map(MapKind::kAnon, 2);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 2);
  Operation op = Make(OpCode::k_madvise, 0, 1);
  op.advice = Advice::kPageout;
  EXPECT_EQ(With(ChoicePoint::k_fail_unmap, op).status, Outcome::Status::kOk);
  EXPECT_TRUE(Armed(0));
}

TEST_F(ChoicesTest, AReadErrorIsASignalAndStaysOne) {
  ASSERT_EQ(Do(OpCode::k_swapon, 0, 0).status, Outcome::Status::kOk);
  Map(MapKind::kAnon, 2);
  Write(0, 1, 9);
  ASSERT_EQ(Advise(Advice::kPageout, 0, 1).status, Outcome::Status::kOk);
  EXPECT_EQ(With(ChoicePoint::k_fail_swap_in, Make(OpCode::k_read, 0, 1)).signal, "SIGBUS");
  EXPECT_EQ(Do(OpCode::k_read, 0, 1).signal, "SIGBUS");
}

}  // namespace
}  // namespace uffdsim

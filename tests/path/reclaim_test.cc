// Reclaim and swapoff: what an entry carries out and what comes back.
#include "tests/path/scene.h"

#include "model/path/memory_failure.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

class Reclaim : public Scene {
 protected:
  void SwapOn() { ASSERT_EQ(Do(OpCode::k_swapon, 0, 0).status, Outcome::Status::kOk); }
  void PageOut(std::uint64_t page, std::uint64_t pages) {
    ASSERT_EQ(Advise(Advice::kPageout, page, pages).status, Outcome::Status::kOk);
  }
};

TEST_F(Reclaim, SwapEntryCarriesMarkSoftDirtyAndExclusivity) {
  SwapOn();
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 1);
  PageOut(0, 4);
  ASSERT_EQ(Kind(0), EntryKind::kSwap);
  ASSERT_EQ(Kind(1), EntryKind::kSwap);
  EXPECT_TRUE(arch().SwpUffd(Form::kPte, Entry(0)));
  EXPECT_FALSE(arch().SwpUffd(Form::kPte, Entry(1)));
  EXPECT_TRUE(arch().SwpSoftDirty(Form::kPte, Entry(0)));
  EXPECT_TRUE(arch().SwpExclusive(Entry(1)));
  EXPECT_EQ(world().swap.used(), 2U);
  // Written synchronously: nothing stays in the swap cache.
  EXPECT_EQ(world().swap[SwapSlotOf(arch(), Entry(0))].cache, Pfn(0));
}

TEST_F(Reclaim, SwapoffRestoresArmedEntriesOldAndNotWritable) {
  SwapOn();
  Map(MapKind::kAnon, 4);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 1);
  PageOut(0, 4);
  ASSERT_EQ(Kind(0), EntryKind::kSwap);
  ASSERT_EQ(Do(OpCode::k_swapoff, 0, 0).status, Outcome::Status::kOk);
  EXPECT_TRUE(Armed(0));
  ASSERT_EQ(Kind(1), EntryKind::kPresent);
  EXPECT_FALSE(arch().Young(Form::kPte, Entry(1)));
  EXPECT_FALSE(arch().Write(Form::kPte, Entry(1)));
  EXPECT_TRUE(world().frames[Frame(1)].Has(kPgAnonExclusive));
  EXPECT_FALSE(world().swap.on());
}

TEST_F(Reclaim, ASlotThatCannotBeReadBecomesAPoisonMarker) {
  SwapOn();
  Map(MapKind::kAnon, 2);
  Write(0, 1, 9);
  PageOut(0, 1);
  ASSERT_EQ(Kind(0), EntryKind::kSwap);
  world().swap[SwapSlotOf(arch(), Entry(0))].bad = true;
  ASSERT_EQ(Do(OpCode::k_swapoff, 0, 0).status, Outcome::Status::kOk);
  ASSERT_EQ(Kind(0), EntryKind::kMarker);
  EXPECT_EQ(MarkerOf(arch(), Entry(0)), std::uint64_t{kMarkerPoisoned});
}

TEST_F(Reclaim, AFaultBetweenUnmapAndWriteTakesThePageBack) {
  SwapOn();
  Map(MapKind::kAnon, 2);
  Write(0, 1, 9);
  const Pfn frame = Frame(0);
  Operation op = Make(OpCode::k_madvise, 0, 1);
  op.advice = Advice::kPageout;
  const TaskId t = Begin(op);
  RunUntil(t, "pageout", "write");
  ASSERT_EQ(Kind(0), EntryKind::kSwap);
  const Outcome read = DoBeside(Make(OpCode::k_read, 0, 1));
  ASSERT_EQ(read.values.size(), 1U);
  EXPECT_EQ(read.values[0].first, 9);
  ASSERT_EQ(Kind(0), EntryKind::kPresent);
  EXPECT_EQ(Frame(0), frame);  // from the swap cache
  Finish(t);
  EXPECT_EQ(Kind(0), EntryKind::kPresent);
  EXPECT_EQ(world().swap.used(), 0U);
}

TEST_F(Reclaim, WithoutSwapAnonymousMemoryStaysAndShmemIsOnlyUnmapped) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 9);
  PageOut(0, 1);
  EXPECT_EQ(Kind(0), EntryKind::kPresent);
  ASSERT_EQ(Do(OpCode::k_munmap, 0, 2).status, Outcome::Status::kOk);
  Map(MapKind::kShmem, 2);
  Write(0, 1, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 1);
  const Pfn cached = Frame(0);
  PageOut(0, 1);
  EXPECT_EQ(Kind(0), EntryKind::kNone);  // armed or not: a file page leaves nothing
  EXPECT_TRUE(world().file(VmaOf(0).file).cache.Get(0).is_frame());
  EXPECT_EQ(world().file(VmaOf(0).file).cache.Get(0).pfn(), cached);
}

TEST_F(Reclaim, ProtectedShmemPageOfAWpVmaLeavesAMarker) {
  SwapOn();
  Map(MapKind::kShmem, 2);
  Write(0, 2, 9);
  const CtxId ctx = Register(kModeWp, kFeaturePagefaultFlagWp | kFeatureWpHugetlbfsShmem, 2);
  ASSERT_EQ(UffdWriteprotect(world(), ctx, kSceneFirst.value * kScenePage, kScenePage, kProtectOn),
            Errno::kOk);
  PageOut(0, 2);
  ASSERT_EQ(Kind(0), EntryKind::kMarker);
  EXPECT_TRUE(IsUffdWpMarker(arch(), Entry(0)));
  EXPECT_EQ(Kind(1), EntryKind::kNone);
  EXPECT_TRUE(world().file(VmaOf(0).file).cache.Get(1).is_swap());
}

TEST_F(Reclaim, LazyfreePageGoesWithItsContent) {
  Map(MapKind::kAnon, 2);
  Write(0, 2, 9);
  ASSERT_EQ(Advise(Advice::kFree, 0, 2).status, Outcome::Status::kOk);
  EXPECT_FALSE(arch().Dirty(Form::kPte, Entry(0)));
  Write(1, 1, 5);  // dirty again: must be kept
  PageOut(0, 2);
  EXPECT_EQ(Kind(0), EntryKind::kNone);
  ASSERT_EQ(Kind(1), EntryKind::kPresent);
  EXPECT_TRUE(world().frames[Frame(1)].Has(kPgSwapBacked));
}

TEST_F(Reclaim, PinnedPageIsNotTaken) {
  SwapOn();
  Map(MapKind::kAnon, 1);
  Write(0, 1, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 1);
  Arm(ctx, 0, 1);
  world().frames[Frame(0)].pins = 1;
  PageOut(0, 1);
  EXPECT_TRUE(Armed(0));
  EXPECT_TRUE(world().frames[Frame(0)].Has(kPgLru));
}

TEST_F(Reclaim, MemoryFailureDropsTheMarkAndKeepsTheFrameOut) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 1);
  ASSERT_TRUE(Armed(0));
  const Pfn failed = Frame(0);
  MemoryFailure(world(), failed);
  ASSERT_EQ(Kind(0), EntryKind::kHwPoison);
  EXPECT_FALSE(arch().SwpUffd(Form::kPte, Entry(0)));
  EXPECT_TRUE(world().frames[failed].Has(kPgAllocated));
  const Outcome read = Do(OpCode::k_read, 0, 1);
  EXPECT_EQ(read.signal, "SIGBUS");
  EXPECT_EQ(read.signal_code, "MCEERR_AR");
}

}  // namespace
}  // namespace uffdsim

// Each invariant about contents, waiting threads and the interface, broken on a made-up machine:
// the referee must name exactly that one.
#include "tests/spec/referee_test_util.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uffdsim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(RefereeTest, AWriteThatWasLost) {
  AbstractPage& page = machine_.AddOpen(1);
  page.has_content = true;
  page.content = 7;
  referee_.OnAccess(kMm, Vpn(1), Access::kWrite, AccessMode::kUser);
  EXPECT_THAT(Broken(), IsEmpty());
  page.content = 6;
  EXPECT_THAT(Broken(), ElementsAre("NoLostUpdate"));
}

TEST_F(RefereeTest, AFilePageMayChangeThroughTheFile) {
  AbstractPage& page = machine_.AddOpen(1);
  page.has_content = true;
  page.object = ObjectOf(FileId(3), 5);
  page.content = 7;
  EXPECT_THAT(Broken(), IsEmpty());
  page.content = 8;
  referee_.OnFileChange(FileId(3), 5, 6);
  EXPECT_THAT(Broken(), IsEmpty());
  page.content = 9;
  referee_.OnFileChange(FileId(3), 6, 7);
  EXPECT_THAT(Broken(), ElementsAre("NoLostUpdate"));
}

TEST_F(RefereeTest, SoftDirtinessThatWasLost) {
  AbstractPage& page = machine_.AddOpen(1);
  page.tracks_soft_dirty = page.soft_dirty = true;
  referee_.OnAccess(kMm, Vpn(1), Access::kWrite, AccessMode::kUser);
  EXPECT_THAT(Broken(), IsEmpty());
  page.soft_dirty = false;
  referee_.OnClearSoftDirty(kMm);
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.OnAccess(kMm, Vpn(1), Access::kWrite, AccessMode::kUser);
  EXPECT_THAT(Broken(), ElementsAre("SoftDirtyIsKept"));
}

TEST_F(RefereeTest, AnEntryThatVanishes) {
  AbstractPage& page = machine_.AddOpen(1);
  EXPECT_THAT(Broken(), IsEmpty());
  page.backing = Backing::kNothing;
  EXPECT_THAT(Broken(), ElementsAre("NoGap"));
}

TEST_F(RefereeTest, AFaultThatComesBackForEver) {
  for (int i = 0; i < 15; ++i) referee_.OnStep(TaskId(1), "fault", "walk");
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.OnAccess(kMm, Vpn(1), Access::kRead, AccessMode::kUser);
  for (int i = 0; i < 16; ++i) referee_.OnStep(TaskId(1), "fault", "walk");
  EXPECT_THAT(Broken(), ElementsAre("NoRetryWithoutProgress"));
}

TEST_F(RefereeTest, ARegistrationThatOutlivesItsContext) {
  AbstractArea area{.mm = kMm, .first = Vpn(0), .last = Vpn(8), .ctx = CtxId(1), .missing = true};
  machine_.areas = {area};
  EXPECT_THAT(Broken(), IsEmpty());
  machine_.areas[0].context_gone = true;
  EXPECT_THAT(Broken(), ElementsAre("CleanExit"));
}

TEST_F(RefereeTest, ModesThatExcludeEachOther) {
  machine_.areas = {{.mm = kMm, .first = Vpn(0), .last = Vpn(8), .ctx = CtxId(1), .rwp = true}};
  EXPECT_THAT(Broken(), ElementsAre("ApiContract")) << "RWP was not negotiated";
}

TEST_F(RefereeTest, AnEntryThatNamesNothing) {
  machine_.AddOpen(1).sound = false;
  EXPECT_THAT(Broken(), ElementsAre("Decode"));
}

TEST_F(RefereeTest, ASleeperWhoseContextGaveTheRangeUp) {
  machine_.AddOpen(1);
  machine_.sleepers.push_back({.task = TaskId(1), .mm = kMm, .vpn = Vpn(1), .ctx = CtxId(1)});
  referee_.OnLoss(kMm, Vpn(0), Vpn(8), Cause::kUnregister);
  Referee woken = referee_;
  EXPECT_THAT(Broken(), ElementsAre("NoLostWakeup"));
  machine_.sleepers.clear();
  woken.Check();
  EXPECT_THAT(woken.violations(), IsEmpty());
}

Operation Protect(std::uint64_t page, std::uint64_t pages) {
  Operation op;
  op.code = OpCode::k_rwprotect;
  op.start = page << 12;
  op.length = pages << 12;
  op.flags = kOpOn;
  op.ctx = CtxId(1);
  return op;
}

TEST_F(RefereeTest, AnIoctlThatFailsAfterItsFirstHalf) {
  machine_.AddOpen(1);
  Outcome failed;
  failed.status = Outcome::Status::kError;
  failed.error = Errno::kENOENT;
  referee_.Judge(Protect(1, 2), failed);
  EXPECT_THAT(Broken(), IsEmpty()) << "it failed and did nothing";
  Armed();
  referee_.Judge(Protect(1, 2), failed);
  EXPECT_THAT(Broken(), ElementsAre("AllOrError"));
}

TEST_F(RefereeTest, AnIoctlThatRunsOutOfMemoryMayBeRepeated) {
  Armed();
  Outcome failed;
  failed.status = Outcome::Status::kError;
  failed.error = Errno::kENOMEM;
  referee_.Judge(Protect(1, 2), failed);
  EXPECT_THAT(Broken(), IsEmpty());
}

TEST_F(RefereeTest, AnIoctlThatLeavesAPageOut) {
  Armed();
  machine_.AddOpen(2);
  referee_.Judge(Protect(1, 2), Outcome{});
  EXPECT_THAT(Broken(), ElementsAre("AllOrError"));
}

TEST_F(RefereeTest, AViolationNamesTheStepAndTheEntryBeforeAndAfter) {
  AbstractPage& page = Armed();
  referee_.WatchSteps();
  referee_.OnStep(TaskId(1), "swap_out", "unmap");
  page.marked = page.denies_all = false;
  page.word.value = 99;
  referee_.OnStep(TaskId(1), "swap_out", "write");
  referee_.Check();
  ASSERT_FALSE(referee_.violations().empty());
  const Violation& v = referee_.violations()[0];
  EXPECT_EQ(v.path + "/" + v.step, "swap_out/unmap");
  EXPECT_EQ(v.kernel, "mm/swap_out");
  EXPECT_EQ(v.before, "word 1");
  EXPECT_EQ(v.after, "word 99");
}

TEST_F(RefereeTest, AHistoryCanBePutBack) {
  Armed();
  const History armed = referee_.history();
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kResolve);
  EXPECT_NE(referee_.history(), armed);
  referee_.SetHistory(armed);
  EXPECT_EQ(referee_.armed_pages(), 1U);
  EXPECT_THAT(Broken(), IsEmpty());
}

TEST(Losses, TheTableIsInTheOrderOfTheCauses) {
  for (int i = 0; i <= static_cast<int>(Cause::kFill); ++i) {
    EXPECT_EQ(static_cast<int>(LossOf(static_cast<Cause>(i)).cause), i);
    EXPECT_STRNE(LossOf(static_cast<Cause>(i)).kernel, "");
  }
}

TEST(Invariants, AreNumberedInOrder) {
  EXPECT_EQ(InvariantNumber(InvariantId::kNoLossWithoutReason), 1);
  EXPECT_EQ(InvariantNumber(InvariantId::kResolvedLetsThrough), 11);
  EXPECT_EQ(InvariantNumber(InvariantId::kApiContract), 21);
}

}  // namespace
}  // namespace uffdsim

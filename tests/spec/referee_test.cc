// Each invariant about marks, access and translations, broken on a made-up machine: the referee
// must name exactly that one.
#include "tests/spec/referee_test_util.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uffdsim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(RefereeTest, AnArmedPageThatStaysArmedIsFine) {
  Armed();
  EXPECT_THAT(Broken(), IsEmpty());
  EXPECT_EQ(referee_.armed_pages(), 1U);
}

TEST_F(RefereeTest, ArmedPagesMayTravelThroughSwapAndMigration) {
  AbstractPage& page = Armed();
  page.denies_all = false;
  page.backing = Backing::kSwapped;
  EXPECT_THAT(Broken(), IsEmpty());
  page.backing = Backing::kMigrating;
  EXPECT_THAT(Broken(), IsEmpty());
  EXPECT_EQ(referee_.armed_pages(), 1U);
}

TEST_F(RefereeTest, LosingTheMarkWithoutAReason) {
  AbstractPage& page = Armed();
  page.marked = false;
  page.denies_all = false;
  EXPECT_THAT(Broken(), testing::Contains("NoLossWithoutReason"));
}

TEST_F(RefereeTest, EmptyPlacesAreNeverArmed) {
  machine_.AddOpen(1).backing = Backing::kNothing;
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  EXPECT_EQ(referee_.armed_pages(), 0U);
}

TEST_F(RefereeTest, ALegalLossIsFine) {
  AbstractPage& page = Armed();
  page.backing = Backing::kNothing;
  page.marked = page.denies_all = false;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kZap);
  EXPECT_THAT(Broken(), IsEmpty());
  EXPECT_THAT(referee_.findings(), IsEmpty());
}

TEST_F(RefereeTest, AKnownLossIsAFinding) {
  AbstractPage& page = Armed();
  page.marked = page.denies_all = false;
  page.reported_accessed = true;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kKsmMerge);
  EXPECT_THAT(Broken(), IsEmpty());
  ASSERT_EQ(referee_.findings().size(), 1U);
  EXPECT_EQ(referee_.findings()[0].vpn, Vpn(1));
}

TEST_F(RefereeTest, AKnownLossIsAViolationOfTheIdeal) {
  Referee ideal(machine_, Referee::Strictness::kIdeal);
  AbstractPage& page = machine_.AddOpen(1);
  FakeMachine::Protect(&page);
  ideal.OnArm(kMm, Vpn(1), Vpn(2));
  page.backing = Backing::kNothing;
  page.marked = page.denies_all = false;
  ideal.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kFileReclaim);
  ASSERT_EQ(ideal.violations().size(), 1U);
  EXPECT_EQ(ideal.violations()[0].invariant, InvariantId::kNoLossWithoutReason);
}

TEST_F(RefereeTest, AMarkNobodySet) {
  FakeMachine::Protect(&machine_.AddOpen(1));
  EXPECT_THAT(Broken(), testing::Contains("NoMarkFromNowhere"));
}

TEST_F(RefereeTest, AMarkOutsideItsMode) {
  AbstractPage& page = machine_.AddOpen(1);
  page.marked = true;
  page.mode = TrackMode::kNone;
  EXPECT_THAT(Broken(), ElementsAre("NoOrphan"));
}

TEST_F(RefereeTest, AMarkThatDoesNotTrap) {
  AbstractPage& page = Armed();
  page.denies_all = false;
  EXPECT_THAT(Broken(), ElementsAre("MarkedMeansTrapping"));
}

TEST_F(RefereeTest, AWpMarkThatLetsWritesThrough) {
  AbstractPage& page = machine_.AddOpen(1);
  page.mode = TrackMode::kWp;
  page.marked = true;
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  EXPECT_THAT(Broken(), testing::Contains("MarkedMeansTrapping"));
}

TEST_F(RefereeTest, AnAccessThatNobodySaw) {
  Armed();
  referee_.OnAccess(kMm, Vpn(1), Access::kRead, AccessMode::kUser);
  EXPECT_THAT(Broken(), ElementsAre("NoSilentAccess"));
}

TEST_F(RefereeTest, ForcedAccessToAnInaccessibleVmaIsAllowed) {
  Armed().accessible = false;
  referee_.OnAccess(kMm, Vpn(1), Access::kRead, AccessMode::kForce);
  EXPECT_THAT(Broken(), IsEmpty());
}

TEST_F(RefereeTest, AScanThatLies) {
  Armed().reported_accessed = true;
  EXPECT_THAT(Broken(), ElementsAre("ScanIsExact"));
}

TEST_F(RefereeTest, AnAnonymousPageWritableTwice) {
  machine_.AddOpen(1);
  machine_.AddOpen(2).frame = 101;
  EXPECT_THAT(Broken(), ElementsAre("Isolation"));
}

TEST_F(RefereeTest, ATranslationThatOutlivedItsEntry) {
  Armed();
  machine_.translations.push_back({.mm = kMm, .vpn = Vpn(1), .writable = false, .frame = 101});
  EXPECT_THAT(Broken(), ElementsAre("NoStaleTranslation"));
}

TEST_F(RefereeTest, ATranslationToAnotherFrame) {
  machine_.AddOpen(1);
  machine_.translations.push_back({.mm = kMm, .vpn = Vpn(1), .writable = true, .frame = 7});
  EXPECT_THAT(Broken(), ElementsAre("NoStaleTranslation"));
}

TEST_F(RefereeTest, ACountThatDoesNotAddUp) {
  machine_.counts.push_back({.what = "map count of frame", .which = 5, .kept = 2, .counted = 1});
  EXPECT_THAT(Broken(), ElementsAre("Accounting"));
  EXPECT_EQ(referee_.violations()[0].detail, "map count of frame 5: kept 2, counted 1");
}

TEST_F(RefereeTest, AThreadLeftAsleep) {
  AbstractPage& page = Armed();
  machine_.sleepers.push_back({.task = TaskId(1), .mm = kMm, .vpn = Vpn(1), .ctx = CtxId(1)});
  EXPECT_THAT(Broken(), IsEmpty());
  page = machine_.AddOpen(1);
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kResolve);
  EXPECT_THAT(Broken(), IsEmpty()) << "resolved with DONTWAKE: the handler may wake later";
  referee_.OnWake(CtxId(1), Vpn(1), Vpn(2));
  EXPECT_THAT(Broken(), ElementsAre("NoLostWakeup"));
}

TEST_F(RefereeTest, AResolutionThatLeavesThePageInaccessible) {
  AbstractPage& page = Armed();
  page.marked = false;
  page.reported_accessed = true;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kResolve);
  EXPECT_THAT(Broken(), ElementsAre("ResolvedLetsThrough"));
}

TEST_F(RefereeTest, WhatAChildInheritsIsArmedThereToo) {
  Armed();
  AbstractPage copy = machine_.pages[{kMm, Vpn(1)}];
  copy.mm = MmId(1);
  machine_.pages[{MmId(1), Vpn(1)}] = copy;
  referee_.OnInherit(kMm, Vpn(0), Vpn(8), MmId(1), Vpn(0));
  EXPECT_EQ(referee_.armed_pages(), 2U);
  EXPECT_THAT(Broken(), IsEmpty());
}

TEST_F(RefereeTest, AProtectedPageThatStaysProtectedIsFine) {
  AbstractPage& page = machine_.AddWritable(1);
  FakeMachine::WriteProtect(&page);
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  EXPECT_THAT(Broken(), IsEmpty());
  page.backing = Backing::kSwapped;
  EXPECT_THAT(Broken(), IsEmpty());
  EXPECT_EQ(referee_.armed_pages(), 0U);
}

TEST_F(RefereeTest, AWriteToAProtectedPageThatNobodySaw) {
  FakeMachine::WriteProtect(&machine_.AddWritable(1));
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  referee_.OnAccess(kMm, Vpn(1), Access::kRead, AccessMode::kUser);
  EXPECT_THAT(Broken(), IsEmpty()) << "reads are not tracked under WP";
  referee_.OnAccess(kMm, Vpn(1), Access::kWrite, AccessMode::kUser);
  EXPECT_THAT(Broken(), ElementsAre("NoSilentAccess"));
}

TEST_F(RefereeTest, FileMemoryKeepsItsProtectionWhenThePageGoes) {
  AbstractPage& page = machine_.AddWritable(1);
  FakeMachine::WriteProtect(&page);
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  page.backing = Backing::kWpMarked;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kZap);
  EXPECT_THAT(Broken(), IsEmpty());
  page.backing = Backing::kNothing;
  page.marked = false;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kZap);
  EXPECT_THAT(Broken(), ElementsAre("NoLossWithoutReason"));
}

TEST_F(RefereeTest, AnEmptyPlaceThatWasProtectedAndIsNot) {
  AbstractPage& page = machine_.AddWritable(1);
  page.backing = Backing::kNothing;
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  EXPECT_THAT(Broken(), ElementsAre("NoLossWithoutReason"));
}

TEST_F(RefereeTest, APageThatIsInaccessibleForNoReason) {
  AbstractPage& page = machine_.AddOpen(1);
  page.mode = TrackMode::kNone;
  page.writable = false;
  page.denies_all = true;
  Referee with_hints(machine_, Referee::Strictness::kRelease);
  with_hints.OnHint(kMm, Vpn(0), Vpn(8));
  with_hints.Check();
  EXPECT_THAT(with_hints.violations(), IsEmpty()) << "a NUMA scan may have done it";
  EXPECT_THAT(Broken(), ElementsAre("ExactPermission"));
}

TEST_F(RefereeTest, APageThatAllowsMoreThanItsMapping) {
  machine_.AddOpen(1).may_write = false;
  EXPECT_THAT(Broken(), ElementsAre("ExactPermission"));
}

TEST_F(RefereeTest, AMessageForAPageThatIsNotArmed) {
  machine_.AddOpen(1);
  referee_.OnMessage(TaskId(1), kMm, Vpn(1), 0);
  EXPECT_THAT(Broken(), IsEmpty()) << "a MISSING fault needs no promise";
  referee_.OnMessage(TaskId(1), kMm, Vpn(1), 8);
  EXPECT_THAT(Broken(), ElementsAre("NoPhantom"));
}

}  // namespace
}  // namespace uffdsim

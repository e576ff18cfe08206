// Each invariant, broken on a made-up machine: the referee must name exactly that one.
#include "model/spec/referee.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace uffdsim {
namespace {

constexpr MmId kMm{0};

class FakeMachine : public AbstractSource {
 public:
  AbstractPage Page(MmId mm, Vpn vpn) const override {
    const auto it = pages.find({mm, vpn});
    if (it != pages.end()) return it->second;
    AbstractPage page;
    page.mm = mm;
    page.vpn = vpn;
    return page;
  }
  std::vector<AbstractPage> Pages() const override {
    std::vector<AbstractPage> all;
    for (const auto& [key, page] : pages) all.push_back(page);
    return all;
  }
  std::vector<AbstractTranslation> Translations() const override { return translations; }
  std::vector<AbstractCount> Counts() const override { return counts; }
  std::vector<AbstractSleeper> Sleepers() const override { return sleepers; }

  // An unmarked, writable resident page of an RWP VMA.
  AbstractPage& AddOpen(std::uint64_t vpn) {
    AbstractPage page;
    page.mm = kMm;
    page.vpn = Vpn(vpn);
    page.backing = Backing::kResident;
    page.mode = TrackMode::kRwp;
    page.ctx = CtxId(1);
    page.writable = true;
    page.accessible = true;
    page.may_write = true;
    page.private_anon = true;
    page.frame = 100 + vpn;
    page.reported_accessed = true;
    return pages[{kMm, Vpn(vpn)}] = page;
  }
  static void Protect(AbstractPage* page) {
    page->marked = true;
    page->denies_all = true;
    page->writable = false;
    page->reported_accessed = false;
  }

  std::map<std::pair<MmId, Vpn>, AbstractPage> pages;
  std::vector<AbstractTranslation> translations;
  std::vector<AbstractCount> counts;
  std::vector<AbstractSleeper> sleepers;
};

class RefereeTest : public testing::Test {
 protected:
  // Arms page 1 as an ioctl would: the machine changes, the referee hears of it.
  AbstractPage& Armed() {
    AbstractPage& page = machine_.AddOpen(1);
    FakeMachine::Protect(&page);
    referee_.OnArm(kMm, Vpn(1), Vpn(2));
    return page;
  }
  std::set<std::string> Broken() {
    referee_.Check();
    std::set<std::string> names;
    for (const Violation& v : referee_.violations()) names.insert(InvariantName(v.invariant));
    return names;
  }

  FakeMachine machine_;
  Referee referee_{machine_, Referee::Strictness::kRelease};
};

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
  FakeMachine::Protect(&machine_.AddOpen(1));
  ideal.OnArm(kMm, Vpn(1), Vpn(2));
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
  EXPECT_THAT(Broken(), ElementsAre("MarkedMeansTrapping"));
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

TEST(Losses, TheTableIsInTheOrderOfTheCauses) {
  for (int i = 0; i <= static_cast<int>(Cause::kSwapError); ++i) {
    EXPECT_EQ(static_cast<int>(LossOf(static_cast<Cause>(i)).cause), i);
    EXPECT_STRNE(LossOf(static_cast<Cause>(i)).kernel, "");
  }
}

TEST(Invariants, AreNumberedInOrder) {
  EXPECT_EQ(InvariantNumber(InvariantId::kNoLossWithoutReason), 1);
  EXPECT_EQ(InvariantNumber(InvariantId::kResolvedLetsThrough), 11);
}

}  // namespace
}  // namespace uffdsim

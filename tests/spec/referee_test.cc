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
  void Pages(std::vector<AbstractPage>* out) const override {
    out->clear();
    for (const auto& [key, page] : pages) {
      if (page.backing != Backing::kNothing) out->push_back(page);
    }
  }
  void Translations(std::vector<AbstractTranslation>* out) const override { *out = translations; }
  void Counts(std::vector<AbstractCount>* out) const override { *out = counts; }
  void Sleepers(std::vector<AbstractSleeper>* out) const override { *out = sleepers; }
  void Areas(std::vector<AbstractArea>* out) const override { *out = areas; }
  Vpn VpnOf(std::uint64_t address) const override { return Vpn(address >> 12); }
  MmId ProcessOf(CtxId) const override { return kMm; }
  AbstractPlace FaultPlace(TaskId) const override { return {.mm = kMm, .vpn = Vpn(1)}; }
  std::string WordText(const OpaqueWord& word) const override {
    return "word " + std::to_string(word.value);
  }
  std::string KernelOf(const std::string& path) const override { return "mm/" + path; }

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
    page.word.value = vpn;
    return pages[{kMm, Vpn(vpn)}] = page;
  }
  // The same of a WP VMA of file memory.
  AbstractPage& AddWritable(std::uint64_t vpn) {
    AbstractPage& page = AddOpen(vpn);
    page.mode = TrackMode::kWp;
    page.reported_accessed = false;
    page.reported_written = true;
    page.private_anon = false;
    page.keeps_markers = page.marks_survive = true;
    return page;
  }
  static void WriteProtect(AbstractPage* page) {
    page->marked = true;
    page->writable = false;
    page->reported_written = false;
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
  std::vector<AbstractArea> areas;
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

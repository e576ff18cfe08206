// Invariants about what ioctls and scans answer, each broken once, and what must not count as such.
#include <gmock/gmock.h>

#include "tests/spec/referee_test_util.h"

namespace uffdsim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kWritten = 2;
constexpr std::uint64_t kAccessed = 512;

Outcome Failed(Errno error) {
  Outcome outcome;
  outcome.status = Outcome::Status::kError;
  outcome.error = error;
  return outcome;
}

Operation Unregister(std::uint64_t page, std::uint64_t pages) {
  Operation op;
  op.code = OpCode::k_unregister;
  op.start = page << 12;
  op.length = pages << 12;
  op.ctx = CtxId(1);
  return op;
}

AbstractArea Registered(std::uint64_t first, std::uint64_t last) {
  return {.mm = kMm,
          .first = Vpn(first),
          .last = Vpn(last),
          .ctx = CtxId(1),
          .rwp = true,
          .context_rwp = true};
}

// A scan of page 1 for `categories`, with room for what it finds.
Operation Scan(std::uint64_t categories) {
  Operation op;
  op.code = OpCode::k_scan;
  op.process = kMm;
  op.start = 1 << 12;
  op.length = 1 << 12;
  op.scan = {.category_mask = categories, .return_mask = categories, .vec_len = 8};
  return op;
}
Outcome Scanned() {
  Outcome outcome;
  outcome.walk_end = 2 << 12;
  return outcome;
}
Outcome Reported(std::uint64_t categories) {
  Outcome outcome = Scanned();
  outcome.regions.push_back({.start = 1 << 12, .end = 2 << 12, .categories = categories});
  return outcome;
}

TEST_F(RefereeTest, UnregisteringTheRegisteredMustWork) {
  machine_.areas = {Registered(1, 2), Registered(2, 4)};
  referee_.Judge(Unregister(1, 3), Failed(Errno::kEINVAL));
  EXPECT_THAT(Broken(), ElementsAre("CleanExit"));
}

TEST_F(RefereeTest, UnregisteringMayFailForOtherReasons) {
  machine_.areas = {Registered(1, 2)};
  referee_.Judge(Unregister(1, 2), Failed(Errno::kEINVAL));  // page 2 is not registered
  referee_.Judge(Unregister(1, 1), Failed(Errno::kENOMEM));
  Operation inside = Unregister(1, 1);
  inside.start += 8;
  inside.length -= 8;
  referee_.Judge(inside, Failed(Errno::kEINVAL));
  machine_.areas[0].unit = 4;
  machine_.areas[0].last = Vpn(5);
  referee_.Judge(Unregister(1, 2), Failed(Errno::kEINVAL));  // half of a huge page
  EXPECT_THAT(Broken(), IsEmpty());
}

TEST_F(RefereeTest, OnlyWhoNegotiatedRwpMaySwitchItsMode) {
  Operation op;
  op.code = OpCode::k_set_mode;
  op.ctx = CtxId(1);
  op.features = 1;
  referee_.Judge(op, Outcome{});
  EXPECT_THAT(Broken(), IsEmpty());
  machine_.negotiated_rwp = false;
  referee_.Judge(op, Failed(Errno::kEINVAL));
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.Judge(op, Outcome{});
  EXPECT_THAT(Broken(), ElementsAre("ApiContract"));
}

TEST_F(RefereeTest, AnEmptyPlaceUnderRwpIsNotTouched) {
  AbstractPage& page = machine_.AddOpen(1);
  page.backing = Backing::kNothing;
  referee_.Judge(Scan(kAccessed), Scanned());
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.Judge(Scan(kAccessed), Reported(kAccessed));
  EXPECT_THAT(Broken(), ElementsAre("ScanIsExact"));
}

TEST_F(RefereeTest, AnEmptyPlaceUnderWpIsWritten) {
  AbstractPage& page = machine_.AddWritable(1);
  page.backing = Backing::kNothing;
  referee_.Judge(Scan(kWritten), Scanned());
  EXPECT_THAT(Broken(), IsEmpty()) << "hugetlb does not say so";
  page.empty_is_written = true;
  referee_.Judge(Scan(kWritten), Reported(kWritten));
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.Judge(Scan(kWritten), Scanned());
  EXPECT_THAT(Broken(), ElementsAre("ScanIsExact"));
}

TEST_F(RefereeTest, AScanThatFailsHasProtectedNothing) {
  AbstractPage& page = machine_.AddWritable(1);
  FakeMachine::WriteProtect(&page);
  referee_.OnArm(kMm, Vpn(1), Vpn(2));
  referee_.Judge(Scan(kWritten), Failed(Errno::kEINVAL));
  EXPECT_THAT(Broken(), ElementsAre("ScanIsExact"));
}

TEST_F(RefereeTest, WrittenIsACategoryOfWriteProtection) {
  machine_.AddOpen(1).reported_written = true;
  EXPECT_THAT(Broken(), ElementsAre("ScanIsExact"));
}

TEST_F(RefereeTest, WhatIsDiscardedUnderRwpIsNotArmed) {
  AbstractPage& page = Armed();
  page.backing = Backing::kWpMarked;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kZap);
  EXPECT_THAT(Broken(), ElementsAre("NoMarkFromNowhere"));
}

TEST_F(RefereeTest, UffdioMoveTakesSoftDirtyAlong) {
  AbstractPage& from = machine_.AddOpen(1);
  from.tracks_soft_dirty = from.soft_dirty = true;
  referee_.OnAccess(kMm, Vpn(1), Access::kWrite, AccessMode::kUser);
  AbstractPage to = from;
  to.vpn = Vpn(2);
  machine_.pages.clear();
  machine_.pages[{kMm, Vpn(2)}] = to;
  referee_.OnLoss(kMm, Vpn(1), Vpn(2), Cause::kMoveOut);
  referee_.OnLoss(kMm, Vpn(2), Vpn(3), Cause::kMoveIn);
  EXPECT_THAT(Broken(), IsEmpty());
  machine_.pages[{kMm, Vpn(2)}].soft_dirty = false;
  EXPECT_THAT(Broken(), ElementsAre("SoftDirtyIsKept"));
}

TEST_F(RefereeTest, PassesOverWhatItIsToldToTolerate) {
  machine_.AddOpen(1).sound = false;
  referee_.Tolerate(1U << static_cast<unsigned>(InvariantId::kDecode));
  EXPECT_THAT(Broken(), IsEmpty());
  referee_.Tolerate(0);
  EXPECT_THAT(Broken(), ElementsAre("Decode"));
}

}  // namespace
}  // namespace uffdsim

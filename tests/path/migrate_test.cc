// Migration with its entries held open: what others see and do between the stages.
#include "tests/path/scene.h"

#include "model/path/change_protection.h"
#include "model/path/device.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

class Migrate : public Scene {
 protected:
  // move_pages() of page 0 to node 1, stopped with the migration entry in place.
  TaskId Hold() {
    Operation op = Make(OpCode::k_migrate, 0, 1);
    op.value = 1;
    const TaskId t = Begin(op);
    RunUntil(t, "migrate", "move");
    return t;
  }
};

TEST_F(Migrate, WritablePageBecomesAWriteEntryAndComesBackWritable) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const Pfn before = Frame(0);
  const TaskId t = Hold();
  EXPECT_EQ(Kind(0), EntryKind::kMigrationWrite);
  Finish(t);
  ASSERT_EQ(Kind(0), EntryKind::kPresent);
  EXPECT_TRUE(arch().Write(Form::kPte, Entry(0)));
  EXPECT_TRUE(arch().Dirty(Form::kPte, Entry(0)));
  EXPECT_NE(Frame(0), before);
  EXPECT_EQ(world().frames[Frame(0)].node, 1);
  EXPECT_TRUE(world().frames[Frame(0)].Has(kPgAnonExclusive));
}

TEST_F(Migrate, ArmedPageKeepsTheMarkInTheEntryAndIsArmedAfterwards) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 1);
  ASSERT_TRUE(Armed(0));
  const TaskId t = Hold();
  EXPECT_EQ(Kind(0), EntryKind::kMigrationReadExclusive);
  EXPECT_TRUE(arch().SwpUffd(Form::kPte, Entry(0)));
  Finish(t);
  EXPECT_TRUE(Armed(0));
  EXPECT_EQ(world().frames[Frame(0)].node, 1);
}

TEST_F(Migrate, ArmingInFlightIsHonouredWhenThePageArrives) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  const TaskId t = Hold();
  ASSERT_EQ(Kind(0), EntryKind::kMigrationWrite);
  Arm(ctx, 0, 1);
  EXPECT_EQ(Kind(0), EntryKind::kMigrationReadExclusive);
  Finish(t);
  EXPECT_TRUE(Armed(0));
}

TEST_F(Migrate, ResolvingInFlightIsHonouredToo) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 1);
  const TaskId t = Hold();
  ASSERT_TRUE(arch().SwpUffd(Form::kPte, Entry(0)));
  ChangeProtection(world(), MmId(0), VmaOf(0), kSceneFirst, kSceneFirst + 1, ProtOp::kRwpResolve);
  Finish(t);
  ASSERT_EQ(Kind(0), EntryKind::kPresent);
  EXPECT_FALSE(arch().Protnone(Form::kPte, Entry(0)));
  EXPECT_FALSE(arch().Uffd(Form::kPte, Entry(0)));
}

TEST_F(Migrate, APinnedPageStaysWithItsEntryAsItWas) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const Word before = Entry(0);
  world().frames[Frame(0)].pins = 1;
  Operation op = Make(OpCode::k_migrate, 0, 2);
  op.value = 1;
  const Outcome outcome = Do(op);
  // One folio that stayed, and the second page with its own code.
  EXPECT_EQ(outcome.ret, 1);
  EXPECT_EQ(Entry(0), before);
  ASSERT_EQ(outcome.nodes.size(), 2U);
  EXPECT_EQ(outcome.nodes[0].first, kNodeNotWritten);
  EXPECT_EQ(outcome.nodes[1].first, -static_cast<int>(Errno::kENOENT));
}

TEST_F(Migrate, ZappingInFlightLeavesNothing) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const std::uint64_t frames = world().frames.allocated();
  const TaskId t = Hold();
  Operation zap = Make(OpCode::k_madvise, 0, 1);
  zap.advice = Advice::kDontneed;
  ASSERT_EQ(DoBeside(zap).status, Outcome::Status::kOk);
  EXPECT_EQ(Kind(0), EntryKind::kNone);
  Finish(t);
  EXPECT_EQ(Kind(0), EntryKind::kNone);
  EXPECT_EQ(world().frames.allocated(), frames - 1);
}

TEST_F(Migrate, DevicePrivateKeepsTheMarkThereAndBack) {
  Map(MapKind::kAnon, 2);
  Write(0, 2, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureRwpAsync, 2);
  Arm(ctx, 0, 1);
  ASSERT_EQ(MigrateToDevice(world(), MmId(0), kSceneFirst), Errno::kOk);
  ASSERT_EQ(MigrateToDevice(world(), MmId(0), kSceneFirst + 1), Errno::kOk);
  EXPECT_EQ(Kind(0), EntryKind::kDevicePrivateRead);
  EXPECT_EQ(Kind(1), EntryKind::kDevicePrivateWrite);
  EXPECT_TRUE(arch().SwpUffd(Form::kPte, Entry(0)));
  EXPECT_FALSE(arch().SwpUffd(Form::kPte, Entry(1)));
  // The access brings the page back, armed, and then takes the RWP fault.
  const Outcome read = Do(OpCode::k_read, 0, 2);
  ASSERT_EQ(read.status, Outcome::Status::kOk);
  ASSERT_EQ(read.values.size(), 1U);
  EXPECT_EQ(read.values[0].first, 7);
  EXPECT_EQ(Kind(0), EntryKind::kPresent);
  EXPECT_FALSE(Armed(0));
}

TEST_F(Migrate, DeviceExclusiveMarkedInFlightIsArmedWhenRestored) {
  Map(MapKind::kAnon, 2);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  ASSERT_EQ(MakeDeviceExclusiveEntry(world(), MmId(0), kSceneFirst), Errno::kOk);
  ASSERT_EQ(Kind(0), EntryKind::kDeviceExclusive);
  Arm(ctx, 0, 1);
  EXPECT_TRUE(arch().SwpUffd(Form::kPte, Entry(0)));
  EXPECT_EQ(Do(OpCode::k_read, 0, 1).status, Outcome::Status::kBlocked);
  EXPECT_TRUE(Armed(0));
}

}  // namespace
}  // namespace uffdsim

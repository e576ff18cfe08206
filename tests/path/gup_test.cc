// GUP: who may look past what, what a pin keeps, what a forced write loses.
#include "model/path/gup.h"

#include <vector>

#include "tests/path/scene.h"

namespace uffdsim {
namespace {

class Losses : public Listener {
 public:
  void OnStep(TaskId, const char*, const char*) override {}
  void OnAccess(MmId, Vpn, Access, AccessMode) override {}
  void OnMessage(TaskId, MmId, Vpn, std::uint64_t) override {}
  void OnArm(MmId, Vpn, Vpn) override {}
  void OnLoss(MmId, Vpn, Vpn, Cause cause) override { causes.push_back(cause); }
  void OnWake(CtxId, Vpn, Vpn) override {}
  void OnInherit(MmId, Vpn, Vpn, MmId, Vpn) override {}
  std::vector<Cause> causes;
};

class Gup : public Scene {
 protected:
  Outcome Fork(std::uint16_t child) {
    Operation op;
    op.code = OpCode::k_fork;
    op.target = MmId(child);
    return Do(op);
  }
  Outcome Protect(std::uint64_t pages, std::uint8_t prot) {
    Operation op = Make(OpCode::k_mprotect, 0, pages);
    op.prot = prot;
    return Do(op);
  }
  Outcome Pin(OpCode code, std::uint64_t pages, std::uint16_t process = 0) {
    Operation op = Make(code, 0, pages);
    op.process = MmId(process);
    op.pin = 3;
    return Do(op);
  }
  Word EntryOf(std::uint16_t process, std::uint64_t page) {
    return mm(process).table.GetPte(kSceneFirst + page);
  }
};

TEST_F(Gup, AForcedWriteToASharedPageLosesTheMarkAndToAnExclusiveOneKeepsIt) {
  world().config.proc_mem_forces = true;
  Map(MapKind::kAnon, 2);
  Write(0, 2, 5);
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  Write(1, 1, 6);  // exclusive again
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 2);
  ASSERT_EQ(Protect(2, 0).status, Outcome::Status::kOk);
  ASSERT_TRUE(Armed(0));
  ASSERT_TRUE(Armed(1));
  Losses losses;
  world().listener = &losses;
  ASSERT_EQ(Do(OpCode::k_proc_mem_write, 0, 2, 9).status, Outcome::Status::kOk);
  world().listener = nullptr;
  EXPECT_FALSE(Armed(0));
  EXPECT_TRUE(Armed(1));
  ASSERT_EQ(losses.causes.size(), 1U);
  EXPECT_EQ(losses.causes[0], Cause::kForceWrite);
  EXPECT_EQ(Do(OpCode::k_proc_mem_read, 0, 2).values,
            (std::vector<std::pair<int, std::uint64_t>>{{9, 2}}));
}

TEST_F(Gup, WithoutForceAnInaccessibleMappingIsAnError) {
  Map(MapKind::kAnon, 1);
  Write(0, 1, 5);
  ASSERT_EQ(Do(OpCode::k_proc_mem_read, 0, 1).status, Outcome::Status::kOk);
  ASSERT_EQ(Protect(1, 0).status, Outcome::Status::kOk);
  EXPECT_EQ(Do(OpCode::k_proc_mem_read, 0, 1).error, Errno::kEIO);
}

TEST_F(Gup, ACallerThatRefusesToWaitIsSentAwayAndNothingIsQueued) {
  Map(MapKind::kAnon, 1);
  Write(0, 1, 5);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 1);
  Arm(ctx, 0, 1);
  Task& t = NewTask(world(), MmId(0));
  PushGup(t, MmId(0), kSceneFirst, 0, GupWait::kRefuse);
  RunTask(world(), t);
  EXPECT_EQ(t.error, Errno::kEAGAIN);
  EXPECT_TRUE(world().ctx(ctx).faults.empty());
  EXPECT_TRUE(Armed(0));
}

TEST_F(Gup, AReadPinOfASharedPageUnsharesIt) {
  Map(MapKind::kAnon, 1);
  Write(0, 1, 5);
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  const Pfn shared = Frame(0);
  ASSERT_EQ(arch().PfnOf(Form::kPte, EntryOf(1, 0)), shared);
  Operation read = Make(OpCode::k_gup_read, 0, 1);
  read.target = MmId(1);
  ASSERT_EQ(Do(read).status, Outcome::Status::kOk);
  EXPECT_NE(arch().PfnOf(Form::kPte, EntryOf(1, 0)), shared);
  EXPECT_FALSE(arch().Write(Form::kPte, EntryOf(1, 0)));
  EXPECT_EQ(Frame(0), shared);
}

TEST_F(Gup, APinOutlivesTheMappingUntilEveryDescriptorIsClosed) {
  Map(MapKind::kAnon, 4);
  const std::uint64_t before = world().frames.allocated();
  ASSERT_EQ(Pin(OpCode::k_pin, 4).status, Outcome::Status::kOk);
  ASSERT_EQ(world().frames.allocated(), before + 4);
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  // The child got copies at once: what is pinned stays the parent's own.
  EXPECT_NE(arch().PfnOf(Form::kPte, EntryOf(1, 0)), Frame(0));
  ASSERT_EQ(world().frames.allocated(), before + 8);
  ASSERT_EQ(Do(OpCode::k_munmap, 0, 4).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames.allocated(), before + 8);
  ASSERT_EQ(Pin(OpCode::k_unpin, 0).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames.allocated(), before + 8);  // the child has a descriptor, too
  EXPECT_EQ(Pin(OpCode::k_unpin, 0).error, Errno::kEBADF);
  ASSERT_EQ(Pin(OpCode::k_unpin, 0, 1).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames.allocated(), before + 4);
}

TEST_F(Gup, APinIsAllOrNothing) {
  Map(MapKind::kAnon, 4);
  ASSERT_EQ(Do(OpCode::k_munmap, 3, 1).status, Outcome::Status::kOk);
  EXPECT_EQ(Pin(OpCode::k_pin, 4).error, Errno::kEFAULT);
  EXPECT_EQ(world().frames[Frame(0)].pins, 0);
  ASSERT_EQ(Pin(OpCode::k_pin, 3).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames[Frame(0)].pins, 1);
}

}  // namespace
}  // namespace uffdsim

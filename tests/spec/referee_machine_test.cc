// The referee on the real model: silent on clean runs, awake when something is changed behind its
// back.
#include <gtest/gtest.h>

#include "model/machine/abstraction.h"
#include "model/machine/machine.h"
#include "model/path/uffd_ioctl.h"
#include "model/spec/referee.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kStart = 0x10000000;

class MachineTest : public testing::Test {
 protected:
  MachineTest() : machine_(MachineConfig{.arch = FindArch("x86_64")}) {
    machine_.world().listener = &referee_;
    ctx_ = OpenUffd(machine_.world(), MmId(0), false);
    EXPECT_EQ(UffdApi(machine_.world(), ctx_, 0xAA, kFeatureRwp | kFeatureRwpAsync), Errno::kOk);
  }

  Outcome Do(OpCode code, std::uint64_t page, std::uint64_t pages, std::uint64_t value = 0) {
    Operation op;
    op.code = code;
    op.start = kStart + page * kPage;
    op.length = pages * kPage;
    op.value = value;
    Outcome outcome = machine_.Perform(op, 0);
    referee_.Check();
    return outcome;
  }
  void Map(MapKind kind, std::uint64_t pages) {
    Operation op;
    op.code = OpCode::k_map;
    op.start = kStart;
    op.length = pages * kPage;
    op.prot = kProtRead | kProtWrite;
    op.map_kind = kind;
    ASSERT_EQ(machine_.Perform(op, 0).status, Outcome::Status::kOk);
  }
  void Register(std::uint64_t mode, std::uint64_t pages) {
    std::uint64_t ioctls = 0;
    ASSERT_EQ(UffdRegister(machine_.world(), ctx_, kStart, pages * kPage, mode, &ioctls),
              Errno::kOk);
    ASSERT_NE(ioctls, 0U);
  }
  void Arm(std::uint64_t pages) {
    ASSERT_EQ(UffdRwprotect(machine_.world(), ctx_, kStart, pages * kPage, kProtectOn), Errno::kOk);
    referee_.Check();
  }
  std::string First() const {
    if (referee_.violations().empty()) return "";
    const Violation& v = referee_.violations()[0];
    return std::string(InvariantName(v.invariant)) + ": " + v.detail;
  }

  Machine machine_;
  WorldView view_{machine_.world()};
  Referee referee_{view_, Referee::Strictness::kRelease};
  CtxId ctx_{};
};

TEST_F(MachineTest, ArmReadResolveIsSilent) {
  Map(MapKind::kAnon, 8);
  Register(kModeRwp, 8);
  EXPECT_EQ(Do(OpCode::k_write, 0, 6, 17).ret, 6);
  Arm(8);
  EXPECT_EQ(referee_.armed_pages(), 6U);
  EXPECT_EQ(Do(OpCode::k_read, 0, 2).ret, 2);
  EXPECT_EQ(referee_.armed_pages(), 4U);
  EXPECT_EQ(First(), "");
}

TEST_F(MachineTest, SharedMemoryAndHolePunchAreSilent) {
  Map(MapKind::kShmem, 8);
  Register(kModeRwp | kModeMissing, 8);
  bool field = false;
  ASSERT_EQ(FillCheck(machine_.world(), ctx_, FillOp::kZeropage, kStart, 8 * kPage, 0, 0, &field),
            Errno::kOk);
  for (std::uint64_t i = 0; i < 8; ++i) {
    ASSERT_EQ(UffdCopyPage(machine_.world(), ctx_, kStart + i * kPage, 0, 0), Errno::kOk);
  }
  Arm(8);
  EXPECT_EQ(referee_.armed_pages(), 8U);
  EXPECT_EQ(Do(OpCode::k_write, 3, 2, 9).ret, 2);
  EXPECT_EQ(referee_.armed_pages(), 6U);
  CloseUffd(machine_.world(), ctx_);
  referee_.Check();
  EXPECT_EQ(referee_.armed_pages(), 0U);
  EXPECT_EQ(First(), "");
}

TEST_F(MachineTest, APteChangedBehindTheKernelsBackIsReported) {
  Map(MapKind::kAnon, 4);
  Register(kModeRwp, 4);
  Do(OpCode::k_write, 0, 4, 1);
  Arm(4);
  const Arch& arch = *machine_.world().arch;
  PageTable& table = machine_.world().mm(MmId(0)).table;
  const Vpn vpn(kStart / kPage + 2);
  table.SetPte(vpn, arch.ClearUffd(Form::kPte, table.GetPte(vpn)));
  referee_.Check();
  ASSERT_FALSE(referee_.violations().empty());
  EXPECT_EQ(referee_.violations()[0].invariant, InvariantId::kNoLossWithoutReason);
  EXPECT_EQ(referee_.violations()[0].vpn, vpn);
}

TEST_F(MachineTest, AMapCountThatIsOffIsReported) {
  Map(MapKind::kAnon, 4);
  Do(OpCode::k_write, 0, 4, 1);
  const Arch& arch = *machine_.world().arch;
  const Word pte = machine_.world().mm(MmId(0)).table.GetPte(Vpn(kStart / kPage));
  ++machine_.world().frames[arch.PfnOf(Form::kPte, pte)].mapcount;
  referee_.Check();
  ASSERT_EQ(referee_.violations().size(), 1U);
  EXPECT_EQ(referee_.violations()[0].invariant, InvariantId::kAccounting);
}

TEST_F(MachineTest, AStage2EntryThatOutlivesArmingIsReported) {
  Map(MapKind::kShmem, 4);
  Register(kModeRwp, 4);
  Do(OpCode::k_write, 0, 4, 1);
  World& world = machine_.world();
  world.stage2s.emplace_back(MmId(0), Vpn(kStart / kPage), 4);
  world.stage2s[0].Map(1, Stage2::kReadable | Stage2::kWritable);
  referee_.Check();
  EXPECT_EQ(First(), "");
  Arm(4);
  EXPECT_EQ(First(), "") << "arming removes stage-2 entries";
  world.stage2s[0].Map(1, Stage2::kReadable);
  referee_.Check();
  ASSERT_EQ(referee_.violations().size(), 1U);
  EXPECT_EQ(referee_.violations()[0].invariant, InvariantId::kNoStaleTranslation);
}

}  // namespace
}  // namespace uffdsim

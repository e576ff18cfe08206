// hugetlb: reservations and the pool, private copies, faults on armed pages, filling from memory.
#include "model/path/hugetlb.h"

#include "tests/path/scene.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kHuge = 512;  // base pages of a huge page

class Hugetlb : public Scene {
 protected:
  Word Huge(std::uint64_t page, std::uint16_t process = 0) {
    const MmId mm(process);
    const Vpn vpn = kSceneFirst + page;
    return HugeEntry(world(), mm, *world().mm(mm).vmas.Find(vpn), vpn);
  }
  bool HugeArmed(std::uint64_t page) {
    return arch().Protnone(Form::kPte, Huge(page)) && arch().Uffd(Form::kPte, Huge(page));
  }
  Outcome In(std::uint16_t process, OpCode code, std::uint64_t page, std::uint64_t value = 0) {
    Operation op = Make(code, page, 1);
    op.process = MmId(process);
    op.value = value;
    return Do(op);
  }
  void Fork(std::uint16_t child) {
    Operation op;
    op.code = OpCode::k_fork;
    op.target = MmId(child);
    ASSERT_EQ(Do(op).status, Outcome::Status::kOk);
  }
  void MakeFile(std::uint64_t pages) {
    Operation op;
    op.code = OpCode::k_memfd;
    op.file = FileId(1);
    op.length = pages * kScenePage;
    op.flags = kOpHugetlb;
    ASSERT_EQ(Do(op).status, Outcome::Status::kOk);
  }
  Outcome MapAt(std::uint64_t page, std::uint64_t pages, MapKind kind, std::uint16_t file = 0) {
    Operation op = Make(OpCode::k_map, page, pages);
    op.prot = kProtRead | kProtWrite;
    op.map_kind = kind;
    op.file = FileId(file);
    return Do(op);
  }
  void ExpectPool(std::uint32_t free, std::uint32_t reserved) {
    EXPECT_EQ(world().huge_pool(Hstate::kPmd).free, free);
    EXPECT_EQ(world().huge_pool(Hstate::kPmd).reserved, reserved);
  }
};

TEST_F(Hugetlb, APrivateMappingReservesAllOfItselfAndGivesItBack) {
  Map(MapKind::kHugeAnon, 40 * kHuge);
  ExpectPool(40, 40);
  EXPECT_EQ(MapAt(64 * kHuge, kHuge, MapKind::kHugeAnon).error, Errno::kENOMEM);
  Write(0, 1, 7);
  ExpectPool(39, 39);
  ASSERT_EQ(Advise(Advice::kDontneed, 0, kHuge).status, Outcome::Status::kOk);
  ExpectPool(40, 40);
  ASSERT_EQ(Do(OpCode::k_munmap, 0, 40 * kHuge).status, Outcome::Status::kOk);
  ExpectPool(40, 0);
}

TEST_F(Hugetlb, TheReservationOfASharedMappingBelongsToTheFile) {
  MakeFile(4 * kHuge);
  ASSERT_EQ(MapAt(0, 4 * kHuge, MapKind::kFileShared, 1).status, Outcome::Status::kOk);
  ASSERT_EQ(MapAt(8 * kHuge, 4 * kHuge, MapKind::kFileShared, 1).status, Outcome::Status::kOk);
  ExpectPool(40, 4);
  Write(0, 1, 7);
  ExpectPool(39, 3);
  Operation punch;
  punch.code = OpCode::k_fallocate;
  punch.file = FileId(1);
  punch.length = kHuge * kScenePage;
  punch.flags = kOpPunch;
  ASSERT_EQ(Do(punch).status, Outcome::Status::kOk);
  ExpectPool(40, 3);
  Operation truncate;
  truncate.code = OpCode::k_ftruncate;
  truncate.file = FileId(1);
  truncate.length = 0;
  ASSERT_EQ(Do(truncate).status, Outcome::Status::kOk);
  ExpectPool(40, 0);
  const Outcome beyond = Do(OpCode::k_read, 0, 1);
  EXPECT_EQ(beyond.signal, "SIGBUS");
  EXPECT_EQ(beyond.signal_code, "ADRERR");
}

TEST_F(Hugetlb, AnOwnerWithoutAFreePageTakesItsPageBackFromTheChild) {
  Map(MapKind::kHugeAnon, 40 * kHuge);
  for (std::uint64_t i = 0; i < 40; ++i) Write(i * kHuge, 1, 7);
  ExpectPool(0, 0);
  Fork(1);
  EXPECT_EQ(In(1, OpCode::k_write, 0, 9).signal, "SIGBUS");  // nothing left for its copy
  ASSERT_EQ(In(0, OpCode::k_write, 0, 8).status, Outcome::Status::kOk);
  const Outcome lost = In(1, OpCode::k_read, 0);
  EXPECT_EQ(lost.signal, "SIGBUS");
  const Outcome kept = In(1, OpCode::k_read, kHuge);
  ASSERT_EQ(kept.values.size(), 1U);
  EXPECT_EQ(kept.values[0].first, 7);
}

TEST_F(Hugetlb, AsyncResolutionNeverGivesWritePermissionBack) {
  Map(MapKind::kHugeAnon, kHuge);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureRwpAsync, kHuge);
  Arm(ctx, 0, kHuge);
  ASSERT_TRUE(HugeArmed(0));
  ASSERT_EQ(Do(OpCode::k_read, 300, 1).status, Outcome::Status::kOk);
  EXPECT_FALSE(HugeArmed(0));
  EXPECT_FALSE(arch().Protnone(Form::kPte, Huge(0)));
  EXPECT_FALSE(arch().Write(Form::kPte, Huge(0)));
  Write(0, 1, 8);
  EXPECT_TRUE(arch().Write(Form::kPte, Huge(0)));
}

TEST_F(Hugetlb, AZappedProtectedEntryLeavesAMarkerAndAnArmedOneNothing) {
  Map(MapKind::kHugeAnon, kHuge);
  Write(0, 1, 7);
  const CtxId ctx = Register(kModeWp, kFeaturePagefaultFlagWp, kHuge);
  ASSERT_EQ(UffdWriteprotect(world(), ctx, kSceneFirst.value * kScenePage, kHuge * kScenePage,
                             kProtectOn),
            Errno::kOk);
  ASSERT_TRUE(arch().Uffd(Form::kPte, Huge(0)));
  ASSERT_EQ(Advise(Advice::kDontneed, 0, kHuge).status, Outcome::Status::kOk);
  EXPECT_TRUE(IsUffdWpMarker(arch(), Huge(0)));
  ASSERT_EQ(UffdUnregister(world(), ctx, kSceneFirst.value * kScenePage, kHuge * kScenePage),
            Errno::kOk);
  EXPECT_TRUE(arch().None(Form::kPte, Huge(0)));
  const CtxId rwp = Register(kModeRwp, kFeatureRwp, kHuge);
  Write(0, 1, 7);
  Arm(rwp, 0, kHuge);
  ASSERT_TRUE(HugeArmed(0));
  ASSERT_EQ(Advise(Advice::kDontneed, 0, kHuge).status, Outcome::Status::kOk);
  EXPECT_TRUE(arch().None(Form::kPte, Huge(0)));
}

TEST_F(Hugetlb, CopyFromMemoryTakesEveryPageOfTheSource) {
  Map(MapKind::kHugeAnon, kHuge);
  ASSERT_EQ(MapAt(2 * kHuge, kHuge, MapKind::kAnon).status, Outcome::Status::kOk);
  for (std::uint64_t i = 0; i < kHuge; ++i) Write(2 * kHuge + i, 1, static_cast<std::uint8_t>(i));
  const CtxId ctx = Register(kModeMissing, 0, kHuge);
  Operation copy = Make(OpCode::k_copy, 0, kHuge);
  copy.ctx = ctx;
  copy.copy_from_memory = true;
  copy.start2 = (kSceneFirst.value + 2 * kHuge) * kScenePage;
  const std::uint64_t frames = world().frames.allocated();
  const Outcome done = Do(copy);
  ASSERT_EQ(done.status, Outcome::Status::kOk);
  EXPECT_EQ(done.out_pages, std::optional<std::int64_t>(kHuge));
  EXPECT_EQ(world().frames.allocated(), frames + kHuge);  // the staging folio is gone
  const Outcome read = Do(OpCode::k_read, 255, 2);
  ASSERT_EQ(read.values.size(), 2U);
  EXPECT_EQ(read.values[0].first, 255);
  EXPECT_EQ(read.values[1].first, 0);
  EXPECT_EQ(Do(copy).out_error, Errno::kEEXIST);
}

TEST_F(Hugetlb, CopyWithAnEmptyPoolSaysThatSomethingIsThere) {
  Map(MapKind::kHugeAnon, 40 * kHuge);
  for (std::uint64_t i = 0; i < 40; ++i) Write(i * kHuge, 1, 7);
  Operation map = Make(OpCode::k_map, 64 * kHuge, kHuge);
  map.prot = kProtRead | kProtWrite;
  map.map_kind = MapKind::kHugeAnon;
  map.flags = kOpNoreserve;
  ASSERT_EQ(Do(map).status, Outcome::Status::kOk);
  const CtxId ctx = OpenUffd(world(), MmId(0), false);
  ASSERT_EQ(UffdApi(world(), ctx, 0xAA, 0), Errno::kOk);
  std::uint64_t ioctls = 0;
  ASSERT_EQ(UffdRegister(world(), ctx, map.start, map.length, kModeMissing, &ioctls), Errno::kOk);
  Operation copy = Make(OpCode::k_copy, 64 * kHuge, kHuge);
  copy.ctx = ctx;
  EXPECT_EQ(Do(copy).out_error, Errno::kEEXIST);
}

}  // namespace
}  // namespace uffdsim

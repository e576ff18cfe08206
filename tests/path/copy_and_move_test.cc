// fork, mremap and UFFDIO_MOVE: what becomes of the mark of each kind of entry.
#include "model/path/fork.h"
#include "model/path/mremap.h"
#include "model/path/uffd_move.h"
#include "tests/path/scene.h"

namespace uffdsim {
namespace {

class CopyAndMove : public Scene {
 protected:
  Outcome Fork(std::uint16_t child) {
    Operation op;
    op.code = OpCode::k_fork;
    op.target = MmId(child);
    return Do(op);
  }
  Outcome Mremap(std::uint64_t page, std::uint64_t pages, std::uint64_t to,
                 std::uint32_t flags = 0) {
    Operation op = Make(OpCode::k_mremap, page, pages);
    op.length2 = op.length;
    op.start2 = (kSceneFirst.value + to) * kScenePage;
    op.flags = flags;
    return Do(op);
  }
  Outcome Move(CtxId ctx, std::uint64_t dst, std::uint64_t src, std::uint64_t pages,
               std::uint32_t flags = 0) {
    Operation op = Make(OpCode::k_move, dst, pages);
    op.start2 = (kSceneFirst.value + src) * kScenePage;
    op.ctx = ctx;
    op.flags = flags;
    return Do(op);
  }
  Word ChildEntry(std::uint64_t page) { return mm(1).table.GetPte(kSceneFirst + page); }
  bool Marked(Word word) { return arch().Uffd(Form::kPte, word); }
  void ReadMessages(CtxId ctx) {
    Operation op;
    op.code = OpCode::k_messages;
    op.ctx = ctx;
    EXPECT_EQ(Do(op).messages.size(), 1U);
  }
};

TEST_F(CopyAndMove, AChildWithoutTheEventIsNotArmedAndTheParentStays) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 2);
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  EXPECT_TRUE(Armed(0));
  EXPECT_FALSE(Marked(ChildEntry(0)));
  EXPECT_FALSE(arch().Protnone(Form::kPte, ChildEntry(0)));
  EXPECT_FALSE(arch().Young(Form::kPte, ChildEntry(0)));
  // Both sides of an unarmed page lost write permission.
  EXPECT_FALSE(arch().Write(Form::kPte, Entry(2)));
  EXPECT_FALSE(arch().Write(Form::kPte, ChildEntry(2)));
  EXPECT_EQ(world().frames[Frame(2)].mapcount, 2);
  EXPECT_FALSE(world().frames[Frame(2)].Has(kPgAnonExclusive));
  EXPECT_EQ(mm(1).vmas.Find(kSceneFirst)->ctx, CtxId(0));
}

TEST_F(CopyAndMove, AChildWithTheEventIsArmedUnderItsOwnContext) {
  Map(MapKind::kAnon, 4);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureEventFork, 4);
  Arm(ctx, 0, 2);
  EXPECT_EQ(Fork(1).status, Outcome::Status::kBlocked);
  EXPECT_EQ(world().ctx(ctx).mmap_changing, 1U);
  ReadMessages(ctx);
  EXPECT_EQ(world().ctx(ctx).mmap_changing, 0U);
  const Vma& vma = *mm(1).vmas.Find(kSceneFirst);
  ASSERT_NE(vma.ctx, CtxId(0));
  EXPECT_NE(vma.ctx, ctx);
  EXPECT_EQ(world().ctx(vma.ctx).mm, MmId(1));
  EXPECT_TRUE(world().ctx(vma.ctx).open);
  EXPECT_TRUE(Marked(ChildEntry(0)));
  EXPECT_TRUE(arch().Protnone(Form::kPte, ChildEntry(0)));
  EXPECT_FALSE(Marked(ChildEntry(2)));
}

TEST_F(CopyAndMove, APinnedPageIsCopiedAtOnce) {
  Map(MapKind::kAnon, 2);
  Write(0, 2, 9);
  world().frames[Frame(0)].pins = 1;
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  const Pfn copy = arch().PfnOf(Form::kPte, ChildEntry(0));
  EXPECT_NE(copy, Frame(0));
  EXPECT_EQ(world().contents.Read(world().frames[copy].content, 0), 9);
  EXPECT_TRUE(arch().Write(Form::kPte, ChildEntry(0)));
  EXPECT_TRUE(arch().Write(Form::kPte, Entry(0)));
  EXPECT_TRUE(world().frames[Frame(0)].Has(kPgAnonExclusive));
  world().frames[Frame(0)].pins = 0;
}

TEST_F(CopyAndMove, ForkedEntriesOfEveryKind) {
  Map(MapKind::kAnon, 1);
  Write(0, 1, 9);
  Vma plain = VmaOf(0);
  Vma rwp = plain;
  rwp.flags |= kVmUffdRwp;
  Vma wp = plain;
  wp.flags |= kVmUffdWp;
  const ForkedVma lost{.parent = MmId(0), .child = MmId(0), .src = &rwp, .dst = &plain};
  const ForkedVma kept{.parent = MmId(0), .child = MmId(0), .src = &rwp, .dst = &rwp};
  const ForkedVma kept_wp{.parent = MmId(0), .child = MmId(0), .src = &wp, .dst = &wp};
  const Pfn pfn = Frame(0);
  const Word softleaves[] = {
      MakeSwap(arch(), SwapSlot(5)),
      MakeMigration(arch(), Form::kPte, MigrationAccess::kRead, pfn, {}),
      MakeDevicePrivate(arch(), Form::kPte, false, pfn),
      MakeHwPoison(arch(), pfn),
  };
  for (const Word leaf : softleaves) {
    const Word marked = arch().SwpMkUffd(Form::kPte, leaf);
    EXPECT_EQ(ForkedSoftleaf(world(), lost, Form::kPte, marked), leaf);
    EXPECT_EQ(ForkedSoftleaf(world(), kept, Form::kPte, marked), marked);
  }
  const Word protect = MakeMarker(arch(), kMarkerUffdWp);
  EXPECT_EQ(ForkedMarker(world(), kept_wp, protect), protect);
  EXPECT_EQ(ForkedMarker(world(), lost, protect), arch().NoneWord(Form::kPte));
  for (const std::uint64_t bit : {kMarkerPoisoned, kMarkerGuard}) {
    EXPECT_EQ(ForkedMarker(world(), lost, MakeMarker(arch(), bit)), MakeMarker(arch(), bit));
  }
  // A PROT_NONE without the mark is a NUMA hint: it stays, and the child takes the fault.
  const Word hint = arch().Modify(Form::kPte, Entry(0), arch().PageNone());
  EXPECT_TRUE(arch().Protnone(Form::kPte, ForkedPresent(world(), lost, Form::kPte, hint)));
  const Word armed = arch().MkUffd(Form::kPte, hint);
  EXPECT_FALSE(arch().Protnone(Form::kPte, ForkedPresent(world(), lost, Form::kPte, armed)));
  EXPECT_EQ(ForkedPresent(world(), kept, Form::kPte, armed), arch().MkOld(Form::kPte, armed));
}

TEST_F(CopyAndMove, AMovedMappingWithoutTheEventIsAccessible) {
  Map(MapKind::kAnon, 8);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  Arm(ctx, 0, 4);
  const Pfn pfn = Frame(0);
  ASSERT_EQ(Mremap(0, 4, 1024).status, Outcome::Status::kOk);
  EXPECT_EQ(mm().vmas.Find(kSceneFirst), nullptr);
  EXPECT_EQ(Kind(0), EntryKind::kNone);
  EXPECT_EQ(Frame(1024), pfn);
  EXPECT_FALSE(Marked(Entry(1024)));
  EXPECT_FALSE(arch().Protnone(Form::kPte, Entry(1024)));
  EXPECT_TRUE(arch().SoftDirty(Form::kPte, Entry(1024)));
  EXPECT_EQ(VmaOf(1024).ctx, CtxId(0));
}

TEST_F(CopyAndMove, AMovedMappingWithTheEventStaysArmed) {
  Map(MapKind::kAnon, 8);
  Write(0, 4, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureEventRemap, 8);
  Arm(ctx, 0, 4);
  EXPECT_EQ(Mremap(0, 8, 1024, kOpDontunmap).status, Outcome::Status::kBlocked);
  ReadMessages(ctx);
  EXPECT_TRUE(Armed(1024));
  EXPECT_EQ(VmaOf(1024).ctx, ctx);
  EXPECT_EQ(VmaOf(0).ctx, ctx);
  EXPECT_EQ(Kind(0), EntryKind::kNone);
}

TEST_F(CopyAndMove, AWholeTableMovesWithoutTouchingItsEntries) {
  Map(MapKind::kAnon, 512);
  Write(0, 4, 9);
  const Word before = arch().ClearSoftDirty(Form::kPte, Entry(0));
  SetEntry(0, before);
  ASSERT_EQ(Mremap(0, 512, 1024).status, Outcome::Status::kOk);
  EXPECT_EQ(Entry(1024), before);
  EXPECT_FALSE(mm().table.HasPteTable(kSceneFirst));
}

TEST_F(CopyAndMove, UffdMoveAlwaysArmsInAnRwpVmaAndNeverProtectsInAWpVma) {
  Map(MapKind::kAnon, 8);
  Write(4, 1, 9);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 4);
  const Pfn pfn = Frame(4);
  const Outcome moved = Move(ctx, 0, 4, 1);
  ASSERT_EQ(moved.status, Outcome::Status::kOk);
  EXPECT_EQ(moved.out_pages, 1);
  EXPECT_TRUE(Armed(0));
  EXPECT_EQ(Frame(0), pfn);
  EXPECT_EQ(world().frames[pfn].index, VmaOf(0).IndexOf(kSceneFirst));
  EXPECT_EQ(Kind(4), EntryKind::kNone);
  Vma wp = VmaOf(0);
  wp.flags = (wp.flags & ~kVmUffdFlags) | kVmUffdWp;
  const Word source = arch().MkUffd(Form::kPte, arch().Make(Form::kPte, pfn, wp.page_prot));
  const Word there = UffdMovedPresent(world(), wp, pfn, source);
  EXPECT_FALSE(Marked(there));
  EXPECT_TRUE(arch().Write(Form::kPte, there));
  // A swap entry's mark travels, into whatever VMA.
  const Word swapped = arch().SwpMkUffd(Form::kPte, MakeSwap(arch(), SwapSlot(3)));
  EXPECT_TRUE(arch().SwpUffd(Form::kPte, UffdMovedSwap(world(), wp, swapped)));
}

TEST_F(CopyAndMove, UffdMoveRefusesWhatItCannotMove) {
  Map(MapKind::kAnon, 16);
  Write(8, 2, 9);
  const CtxId ctx = Register(kModeMissing, kFeatureMove, 8);
  EXPECT_EQ(Move(ctx, 0, 10, 1).out_error, Errno::kENOENT);
  EXPECT_EQ(Move(ctx, 0, 10, 1, kOpHoles).out_pages, 1);
  EXPECT_EQ(Move(ctx, 8, 0, 1).out_error, Errno::kEINVAL);  // the destination is not registered
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  EXPECT_EQ(Move(ctx, 0, 8, 1).out_error, Errno::kEBUSY);  // shared by fork
  ASSERT_EQ(Advise(Advice::kGuardInstall, 9, 1).status, Outcome::Status::kOk);
  EXPECT_EQ(Move(ctx, 0, 9, 1).out_error, Errno::kEFAULT);
}

TEST_F(CopyAndMove, ExitFreesEverythingTheProcessHad) {
  Map(MapKind::kAnon, 8);
  Write(0, 8, 9);
  ASSERT_EQ(Fork(1).status, Outcome::Status::kOk);
  const std::uint64_t before = world().frames.allocated();
  Operation write = Make(OpCode::k_write, 0, 8);
  write.process = MmId(1);
  ASSERT_EQ(Do(write).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames.allocated(), before + 8);
  Operation exit;
  exit.code = OpCode::k_exit;
  exit.target = MmId(1);
  ASSERT_EQ(Do(exit).status, Outcome::Status::kOk);
  EXPECT_EQ(world().frames.allocated(), before);
  EXPECT_FALSE(mm(1).alive);
  EXPECT_EQ(world().frames[Frame(0)].mapcount, 1);
}

}  // namespace
}  // namespace uffdsim

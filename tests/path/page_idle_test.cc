// Idle page tracking and MGLRU's walks: who takes which accessed bits.
#include "model/path/page_idle.h"

#include "tests/path/scene.h"

namespace uffdsim {
namespace {

class PageIdle : public Scene {
 protected:
  // Four shmem pages that a guest sees through stage 2, page 0 touched by it.
  void GuestOfFourPages() {
    Map(MapKind::kShmem, 4);
    Write(0, 4, 1);
    world().stage2s.emplace_back(MmId(0), kSceneFirst, 4);
    world().stage2s[0].Map(0, Stage2::kReadable | Stage2::kAccessed);
  }
  bool Young(std::uint64_t page) { return arch().Young(Form::kPte, Entry(page)); }
};

TEST_F(PageIdle, SettingIdleClearsTheBitsOfHostAndGuest) {
  GuestOfFourPages();
  ASSERT_TRUE(Young(0));
  SetPageIdle(world(), Frame(0));
  EXPECT_FALSE(Young(0));
  EXPECT_EQ(world().stage2s[0].words()[0] & Stage2::kAccessed, 0U);
  EXPECT_NE(world().stage2s[0].words()[0] & Stage2::kReadable, 0U);  // the translation stays
  EXPECT_TRUE(PageIsIdle(world(), Frame(0)));
}

TEST_F(PageIdle, ATouchByHostOrGuestEndsIdleness) {
  GuestOfFourPages();
  SetPageIdle(world(), Frame(0));
  SetPageIdle(world(), Frame(1));
  SetPageIdle(world(), Frame(2));
  world().stage2s[0].words()[0] |= Stage2::kAccessed;
  Write(1, 1, 2);
  EXPECT_FALSE(PageIsIdle(world(), Frame(0)));
  EXPECT_FALSE(PageIsIdle(world(), Frame(1)));
  EXPECT_TRUE(PageIsIdle(world(), Frame(2)));
  // Reading took the bits away, and the folio remembers.
  EXPECT_FALSE(PageIsIdle(world(), Frame(0)));
}

TEST_F(PageIdle, MglruTakesTheBitsWithoutANote) {
  GuestOfFourPages();
  for (std::uint64_t page = 0; page < 4; ++page) SetPageIdle(world(), Frame(page));
  world().stage2s[0].words()[0] |= Stage2::kAccessed;
  Write(1, 1, 2);
  EXPECT_EQ(AgePages(world(), MmId(0), kSceneFirst, kSceneFirst + 4), 2U);
  EXPECT_EQ(AgePages(world(), MmId(0), kSceneFirst, kSceneFirst + 4), 0U);
  EXPECT_TRUE(PageIsIdle(world(), Frame(0)));  // although it was touched
  EXPECT_TRUE(PageIsIdle(world(), Frame(1)));
}

TEST_F(PageIdle, MarksStay) {
  Map(MapKind::kShmem, 2);
  Write(0, 2, 1);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp, 2);
  Arm(ctx, 0, 1);
  SetPageIdle(world(), Frame(0));
  AgePages(world(), MmId(0), kSceneFirst, kSceneFirst + 2);
  EXPECT_TRUE(Armed(0));
  EXPECT_FALSE(Armed(1));
}

}  // namespace
}  // namespace uffdsim

// PAGEMAP_SCAN: the fast walk over runs of entries answers as a walk page by page would.
#include "model/path/pagemap_scan.h"

#include "model/base/rng.h"
#include "tests/path/scene.h"

namespace uffdsim {
namespace {

class ScanTest : public Scene {
 protected:
  static constexpr std::uint64_t kPages = 1200;  // three PTE tables, the last one incomplete

  std::uint64_t AddressOfPage(std::uint64_t page) {
    return (kSceneFirst.value + page) * kScenePage;
  }
  Errno Scan(const ScanArgs& args, std::uint64_t first = 0, std::uint64_t last = kPages) {
    regions_.clear();
    return PagemapScan(world(), MmId(0), AddressOfPage(first), AddressOfPage(last), args, &regions_,
                       &walk_end_);
  }
  // One random entry at `page`: empty, unmapped table, zero page, written, armed, poisoned,
  // guarded.
  void Populate(Rng& rng, CtxId ctx, std::uint64_t page) {
    switch (rng.Below(8)) {
      case 0:
      case 1: ASSERT_EQ(Do(OpCode::k_read, page, 1).status, Outcome::Status::kOk); return;
      case 2:
      case 3: Write(page, 1, 7); return;
      case 4:
        Write(page, 1, 8);
        Arm(ctx, page, 1);
        return;
      case 5:
        ASSERT_EQ(Advise(Advice::kGuardInstall, page, 1).status, Outcome::Status::kOk);
        return;
      default: return;  // stays empty
    }
  }

  // The same scan, one page after the other, from the definition.
  void Naive(const ScanArgs& args, std::vector<ScanRegion>* out, std::uint64_t* walk_end) {
    std::uint64_t found = 0;
    *walk_end = AddressOfPage(kPages);
    for (std::uint64_t page = 0; page < kPages; ++page) {
      const Vpn vpn = kSceneFirst + page;
      const Vma* vma = mm().vmas.Find(vpn);
      if (vma == nullptr) continue;
      const std::uint64_t categories =
          PageCategories(world(), *vma, FindEntry(world(), MmId(0), *vma, vpn));
      const std::uint64_t seen = categories ^ args.category_inverted;
      if ((seen & args.category_mask) != args.category_mask) continue;
      if (args.category_anyof_mask != 0 && (seen & args.category_anyof_mask) == 0) continue;
      const std::uint64_t reported = categories & args.return_mask;
      const std::uint64_t start = AddressOfPage(page);
      const bool extends =
          !out->empty() && out->back().end == start && out->back().categories == reported;
      const bool room = extends || out->size() < args.vec_len;
      if ((args.max_pages != 0 && found == args.max_pages) || !room) {
        *walk_end = start;
        return;
      }
      if (extends) {
        out->back().end = start + kScenePage;
      } else {
        out->push_back({start, start + kScenePage, reported});
      }
      ++found;
    }
  }

  std::vector<ScanRegion> regions_;
  std::uint64_t walk_end_ = 0;
};

TEST_F(ScanTest, AgreesWithAWalkPageByPage) {
  const std::uint64_t seed = 20261120;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Rng rng(seed);
  Map(MapKind::kAnon, kPages);
  const CtxId ctx = Register(kModeRwp, kFeatureRwp | kFeatureRwpAsync, kPages);
  // Runs of alike entries, the second table untouched.
  for (std::uint64_t page = 0; page < kPages; ++page) {
    if (page >= 512 && page < 1024) continue;
    if (rng.Below(4) == 0) Populate(rng, ctx, page);
    if (HasFatalFailure()) return;
  }
  std::uint64_t reported = 0;
  for (int round = 0; round < 400; ++round) {
    ScanArgs args;
    args.category_mask = rng.Below(3) == 0 ? 0 : 1ULL << rng.Below(10);
    args.category_inverted = rng.Below(2) == 0 ? 0 : rng.Below(1024);
    args.category_anyof_mask = rng.Below(2) == 0 ? 0 : rng.Below(1024);
    args.return_mask = rng.Below(1024);
    args.vec_len = 1 + rng.Below(rng.Below(2) == 0 ? 4 : 600);
    args.max_pages = rng.Below(2) == 0 ? 0 : 1 + rng.Below(700);
    ASSERT_EQ(Scan(args), Errno::kOk);
    std::vector<ScanRegion> expected;
    std::uint64_t expected_end = 0;
    Naive(args, &expected, &expected_end);
    ASSERT_EQ(regions_.size(), expected.size()) << "round " << round;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(regions_[i].start, expected[i].start) << "round " << round << " region " << i;
      ASSERT_EQ(regions_[i].end, expected[i].end) << "round " << round << " region " << i;
      ASSERT_EQ(regions_[i].categories, expected[i].categories) << "round " << round;
    }
    ASSERT_EQ(walk_end_, expected_end) << "round " << round;
    reported += regions_.size();
  }
  EXPECT_GT(reported, 1000U);
}

// A scan that goes on where the last one stopped finds every page once.
TEST_F(ScanTest, ContinuingAtWalkEndLosesNothing) {
  Map(MapKind::kAnon, kPages);
  for (std::uint64_t page = 0; page < 40; page += 2) Write(page, 1, 3);
  ScanArgs args;
  args.category_mask = kPagePresent;
  args.return_mask = kPagePresent;
  args.vec_len = 3;
  std::uint64_t pages = 0;
  int scans = 0;
  for (std::uint64_t first = 0; first < kPages; ++scans) {
    ASSERT_EQ(Scan(args, first), Errno::kOk);
    for (const ScanRegion& r : regions_) pages += (r.end - r.start) / kScenePage;
    first = walk_end_ / kScenePage - kSceneFirst.value;
  }
  EXPECT_EQ(pages, 20U);
  EXPECT_EQ(scans, 7);
}

TEST_F(ScanTest, WpMatchingProtectsWhatItReportsAndNoMore) {
  Map(MapKind::kAnon, 8);
  Write(0, 6, 3);
  const CtxId ctx = Register(kModeWp, kFeatureWpAsync, 8);
  ASSERT_NE(ctx, CtxId(0));
  ScanArgs args;
  args.category_mask = kPageWritten | kPagePresent;
  args.return_mask = kPageWritten;
  args.flags = kScanWpMatching | kScanCheckWpAsync;
  args.vec_len = 8;
  args.max_pages = 4;
  ASSERT_EQ(Scan(args, 0, 8), Errno::kOk);
  ASSERT_EQ(regions_.size(), 1U);
  EXPECT_EQ(regions_[0].end - regions_[0].start, 4 * kScenePage);
  for (std::uint64_t page = 0; page < 6; ++page) {
    EXPECT_EQ(arch().Uffd(Form::kPte, Entry(page)), page < 4) << page;
    EXPECT_EQ(arch().Write(Form::kPte, Entry(page)), page >= 4) << page;
  }
  EXPECT_EQ(Kind(7), EntryKind::kNone);
}

TEST_F(ScanTest, CheckWpAsyncKeepsTheRegionsBeforeTheVmaThatFailed) {
  Map(MapKind::kAnon, 8);
  Write(0, 8, 3);
  Register(kModeWp, kFeatureWpAsync, 4);
  ScanArgs args;
  args.category_mask = kPageWritten;
  args.return_mask = kPageWritten;
  args.flags = kScanCheckWpAsync;
  args.vec_len = 8;
  EXPECT_EQ(Scan(args, 0, 8), Errno::kEPERM);
  ASSERT_EQ(regions_.size(), 1U);
  EXPECT_EQ(regions_[0].end, AddressOfPage(4));
  EXPECT_EQ(walk_end_, AddressOfPage(8));
}

TEST_F(ScanTest, ArgumentsAreRefusedInTheKernelsOrder) {
  Map(MapKind::kAnon, 1);
  ScanArgs args;
  args.size = 64;
  EXPECT_EQ(Scan(args, 0, 1), Errno::kEINVAL);
  args.size = 96;
  args.flags = 4;
  EXPECT_EQ(Scan(args, 0, 1), Errno::kEINVAL);
  args.flags = 0;
  args.return_mask = 0x400;
  EXPECT_EQ(Scan(args, 0, 1), Errno::kEINVAL);
  args.return_mask = 0;
  EXPECT_EQ(PagemapScan(world(), MmId(0), 8, 4096, args, &regions_, &walk_end_), Errno::kEINVAL);
  EXPECT_EQ(PagemapScan(world(), MmId(0), 8192, 4096, args, &regions_, &walk_end_), Errno::kEFAULT);
}

}  // namespace
}  // namespace uffdsim

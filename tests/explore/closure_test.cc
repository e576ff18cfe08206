// Whole spaces under `ideal`: which alphabets close, and that nothing is broken in them.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "sim/explore/exhaustive.h"
#include "tests/explore/explore_test_util.h"

namespace uffdsim {
namespace {

ExhaustiveResult Explore(const std::string& alphabet, AlphabetSize size, std::uint32_t depth) {
  ExhaustiveOptions options;
  options.depth = depth;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  auto result = Exhaust(NamedSetting(alphabet, size), options);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return *std::move(result);
}

TEST(Closure, TwoPages) {
  for (const char* alphabet :
       {"rwp-anon",  "rwp-sync",   "rwp-missing",   "rwp-shmem",       "modes",    "wp",
        "wp-async",  "wp-missing", "mixed-scan",    "file-rwp",        "guard",    "mremap-event",
        "swap-sync", "move",       "numa-thp",      "numa-thp-wp",     "thp-move", "thp-file",
        "hugetlb",   "hugetlb-wp", "hugetlb-ioctl", "hugetlb-migrate", "failures"}) {
    const ExhaustiveResult result = Explore(alphabet, {.pages = 2, .processes = 2}, 0);
    EXPECT_EQ(result.end, ExhaustiveResult::End::kClosed) << alphabet;
    EXPECT_EQ(NeverPossible(NamedSetting(alphabet, {.pages = 2, .processes = 2}), result),
              std::vector<std::string>{})
        << alphabet;
    EXPECT_LE(result.bookkeeping, 64 * result.states + (1U << 20)) << alphabet;
  }
}

TEST(Closure, ThreePages) {
  for (const char* alphabet : {"rwp-anon", "rwp-sync", "wp-async"}) {
    const ExhaustiveResult result = Explore(alphabet, {.pages = 3, .processes = 2}, 0);
    EXPECT_EQ(result.end, ExhaustiveResult::End::kClosed) << alphabet;
  }
}

}  // namespace
}  // namespace uffdsim

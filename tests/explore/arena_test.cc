// The arena: what was saved is what comes back, at the same addresses.
#include "sim/explore/arena.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace uffdsim {
namespace {

struct Things {
  std::vector<int> numbers;
  std::map<int, std::string> names;
  std::vector<std::vector<char>> large;
};

TEST(Arena, RestoreUndoesEverything) {
  Arena arena;
  Things* things = nullptr;
  Arena::Snapshot before;
  {
    const Arena::Scope scope(&arena);
    things = new Things;
    things->numbers = {1, 2, 3};
    things->names[7] = "a name that is too long to be kept inside the string itself";
    things->large.emplace_back(5000, 'x');
  }
  arena.Save(&before);
  for (int round = 0; round < 3; ++round) {
    {
      const Arena::Scope scope(&arena);
      things->numbers.assign(1000, round);
      things->names.clear();
      things->large.clear();
      things->large.emplace_back(9000, 'y');
      things->large.emplace_back(3000, 'z');
    }
    EXPECT_EQ(things->numbers.size(), 1000U);
    arena.Restore(before);
    EXPECT_EQ(things->numbers, (std::vector<int>{1, 2, 3}));
    ASSERT_EQ(things->names.size(), 1U);
    EXPECT_EQ(things->names[7].substr(0, 6), "a name");
    ASSERT_EQ(things->large.size(), 1U);
    EXPECT_EQ(things->large[0], std::vector<char>(5000, 'x'));
  }
}

TEST(Arena, FreedMemoryIsUsedAgain) {
  Arena arena;
  Arena::Snapshot first;
  Arena::Snapshot later;
  const auto allocate_and_free = [&] {
    const Arena::Scope scope(&arena);
    for (std::size_t size = 1; size < 100000; size *= 3) std::make_unique<char[]>(size);
  };
  allocate_and_free();
  arena.Save(&first);
  for (int i = 0; i < 1000; ++i) allocate_and_free();
  arena.Save(&later);
  EXPECT_EQ(later.bytes(), first.bytes());
}

TEST(Arena, ScopesNestAndEnd) {
  Arena outer;
  Arena inner;
  std::unique_ptr<int> from_outer;
  std::unique_ptr<int> from_inner;
  {
    const Arena::Scope one(&outer);
    {
      const Arena::Scope two(&inner);
      from_inner = std::make_unique<int>(2);
    }
    from_outer = std::make_unique<int>(1);
  }
  const auto outside = std::make_unique<int>(3);
  EXPECT_TRUE(Arena::Owns(from_inner.get()));
  EXPECT_TRUE(Arena::Owns(from_outer.get()));
  EXPECT_FALSE(Arena::Owns(outside.get()));
  // Freed outside of any scope, each goes back to its own arena.
}

}  // namespace
}  // namespace uffdsim

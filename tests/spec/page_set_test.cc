// Do the referee's sets behave as sets of pages?
#include "model/spec/page_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace uffdsim {
namespace {

RC_GTEST_PROP(PageSet, BehavesAsASet, ()) {
  PageSet set;
  std::set<std::pair<std::uint16_t, std::uint64_t>> model;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const auto mm = static_cast<std::uint16_t>(*rc::gen::inRange(0, 3));
    const auto first = static_cast<std::uint64_t>(*rc::gen::inRange(0, 300));
    const auto last = first + static_cast<std::uint64_t>(*rc::gen::inRange(0, 150));
    const bool insert = *rc::gen::arbitrary<bool>();
    if (insert) {
      set.Insert(MmId(mm), Vpn(first), Vpn(last));
    } else {
      set.Erase(MmId(mm), Vpn(first), Vpn(last));
    }
    for (std::uint64_t page = first; page < last; ++page) {
      if (insert) {
        model.insert({mm, page});
      } else {
        model.erase({mm, page});
      }
    }
  }
  std::set<std::pair<std::uint16_t, std::uint64_t>> seen;
  set.ForEach([&](MmId mm, Vpn vpn) { seen.insert({mm.value, vpn.value}); });
  RC_ASSERT(seen == model);
  RC_ASSERT(set.size() == model.size());
  const std::uint64_t page = static_cast<std::uint64_t>(*rc::gen::inRange(0, 450));
  RC_ASSERT(set.Contains(MmId(1), Vpn(page)) == model.contains({1, page}));
  std::set<std::uint64_t> part;
  set.ForEach(MmId(1), Vpn(40), Vpn(200), [&](Vpn vpn) { part.insert(vpn.value); });
  for (std::uint64_t p = 40; p < 200; ++p) RC_ASSERT(part.contains(p) == model.contains({1, p}));
  for (const PageSet::Block& block : set.blocks()) RC_ASSERT(block.bits != 0U);
}

TEST(FlatMap, KeepsItsItemsInOrder) {
  FlatMap<int> map;
  map.Set(7, 70);
  map.Set(3, 30);
  map.Set(7, 71);
  ASSERT_EQ(map.items().size(), 2U);
  EXPECT_EQ(map.items()[0].key, 3U);
  EXPECT_EQ(*map.Find(7), 71);
  EXPECT_EQ(map.Find(4), nullptr);
  map.Erase(0, 7);
  EXPECT_EQ(map.Find(3), nullptr);
  EXPECT_EQ(*map.Find(7), 71);
}

}  // namespace
}  // namespace uffdsim

// CLOCK-Pro: LIRS's idea on a clock: hot pages, cold pages, and evicted pages still on test.
//
// Mirrors: Jiang, Chen and Zhang, "CLOCK-Pro: an effective improvement of the CLOCK replacement",
// USENIX ATC 2005. One ring holds hot, resident cold and non-resident pages; three hands move over
// it from old to new. A page that is referenced again while on test becomes hot and the share of
// cold pages grows; a test that ends without that shrinks it. New pages enter behind the hot hand,
// the ring's head.
#include <array>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class ClockProCore : public PolicyCoreDefaults {
 public:
  explicit ClockProCore(const PolicySetting& setting)
      : ring_(setting.page_count, 1),
        state_(setting.page_count),
        capacity_(setting.capacity),
        fewest_cold_(std::min(ShareOf(setting.capacity, setting.parameters[0]), MostCold())),
        most_ghosts_(ShareOf(setting.capacity, setting.parameters[1])),
        cold_target_(fewest_cold_) {}

  bool Resident(PageId page) const { return (state_[page] & (kHot | kCold)) != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] |= kReferenced; }

  void Fault(PageId page) {
    back_on_test_ = state_[page] == kGhost;
    if (!back_on_test_) return;
    Unlink(page);
    GrowCold();
  }

  void Insert(PageId page) {
    if (!back_on_test_) {
      LinkAtHead(page, kCold | kOnTest);
      return;
    }
    LinkAtHead(page, kHot);
    CoolHotPages();
  }

  PageId Evict(PageId) {
    for (;;) {
      if (cold_ == 0) CoolOneHotPage();
      const PageId page = Here(kColdHand);
      Advance(kColdHand);
      const std::uint8_t state = state_[page];
      if ((state & kCold) == 0) continue;
      if ((state & kReferenced) == 0) {
        MakeGhost(page);
        return page;
      }
      Unlink(page);
      if ((state & kOnTest) != 0) {
        GrowCold();
        LinkAtHead(page, kHot);
        CoolHotPages();
      } else {
        LinkAtHead(page, kCold | kOnTest);
      }
    }
  }

  void Remove(PageId page) { Unlink(page); }
  std::uint64_t Bytes() const { return ring_.Bytes() + state_.size(); }

 private:
  static constexpr PageLists::List kRing = 0;
  enum Hand : std::uint8_t { kHotHand, kColdHand, kTestHand };

  static constexpr std::uint8_t kHot = 1;
  static constexpr std::uint8_t kCold = 2;    // resident
  static constexpr std::uint8_t kGhost = 4;   // not resident, on test
  static constexpr std::uint8_t kOnTest = 8;  // a resident cold page on test
  static constexpr std::uint8_t kReferenced = 16;

  std::uint64_t MostCold() const { return capacity_ > 1 ? capacity_ - 1 : 1; }
  void GrowCold() { cold_target_ = std::min(MostCold(), cold_target_ + 1); }
  void ShrinkCold() { cold_target_ = std::max(fewest_cold_, cold_target_ - 1); }

  // A hand that points nowhere stands at the oldest page.
  PageId Here(Hand hand) const {
    return hands_[hand] == kNoPage ? ring_.Back(kRing) : hands_[hand];
  }
  void Advance(Hand hand) { hands_[hand] = ring_.Newer(Here(hand)); }

  std::uint64_t& CountOf(std::uint8_t state) {
    return (state & kHot) != 0 ? hot_ : (state & kCold) != 0 ? cold_ : ghosts_;
  }
  void SetState(PageId page, std::uint8_t state) {
    --CountOf(state_[page]);
    ++CountOf(state);
    state_[page] = state;
  }

  void LinkAtHead(PageId page, std::uint8_t state) {
    if (hands_[kHotHand] == kNoPage) {
      ring_.PushFront(kRing, page);
    } else {
      ring_.InsertOlder(kRing, hands_[kHotHand], page);
    }
    ++CountOf(state);
    state_[page] = state;
  }

  void Unlink(PageId page) {
    for (PageId& hand : hands_) {
      if (hand == page) hand = ring_.Newer(page);
    }
    --CountOf(state_[page]);
    state_[page] = 0;
    ring_.Remove(kRing, page);
  }

  // The page leaves memory; on test it stays in the ring, else it goes.
  void MakeGhost(PageId page) {
    if ((state_[page] & kOnTest) == 0) {
      Unlink(page);
      return;
    }
    SetState(page, kGhost);
    while (ghosts_ > most_ghosts_) EndOneTest();
  }

  // Ends the test of a cold page, resident or not.
  void EndTest(PageId page) {
    ShrinkCold();
    if (state_[page] == kGhost) {
      Unlink(page);
    } else {
      state_[page] = static_cast<std::uint8_t>(state_[page] & ~kOnTest);
    }
  }

  // The test hand moves on to a page on test, and ends that. A resident page that was referenced is
  // left to the cold hand, which will make it hot.
  void EndOneTest() {
    for (;;) {
      const PageId page = Here(kTestHand);
      Advance(kTestHand);
      const std::uint8_t state = state_[page];
      if (state == kGhost || state == (kCold | kOnTest)) {
        EndTest(page);
        return;
      }
    }
  }

  void CoolHotPages() {
    while (hot_ > 0 && hot_ + cold_target_ > capacity_) CoolOneHotPage();
  }

  // The hot hand moves on until a hot page without its bit has become cold.
  void CoolOneHotPage() {
    for (;;) {
      const PageId page = Here(kHotHand);
      Advance(kHotHand);
      const std::uint8_t state = state_[page];
      if ((state & kHot) == 0) {
        if (state == kGhost || state == (kCold | kOnTest)) EndTest(page);
      } else if ((state & kReferenced) != 0) {
        state_[page] = kHot;
      } else {
        SetState(page, kCold);
        return;
      }
    }
  }

  PageLists ring_;
  LazyArray<std::uint8_t> state_;
  std::array<PageId, 3> hands_ = {kNoPage, kNoPage, kNoPage};
  std::uint64_t capacity_;
  std::uint64_t fewest_cold_;
  std::uint64_t most_ghosts_;
  std::uint64_t cold_target_;  // of resident cold pages, called m_c in the paper
  std::uint64_t hot_ = 0;
  std::uint64_t cold_ = 0;
  std::uint64_t ghosts_ = 0;
  bool back_on_test_ = false;  // the page being faulted in was on test
};

}  // namespace

std::unique_ptr<Policy> MakeClockProPolicy(const PolicySetting& setting) {
  return MakePolicyOf<ClockProCore>(setting);
}

}  // namespace uffdsim

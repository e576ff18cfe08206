// Turns a policy's core (plain inline functions) into a Policy, with one virtual call per batch.
//
// Rules: a core has no virtual functions; this template owns the order in which its hooks are
// called,
//   which is the same for every policy:
//     hit      Hit(page)
//     miss     Fault(page), then Evict(page) if memory is full, then Insert(page)
//     scan     Hit() for each page seen, then Tick()
//   The core keeps its own lists; this template keeps the number of resident pages and the
//   capacity.
// Owned by: the holder of the Policy.
// Errors: a page number that is out of range or in the wrong state fails a check in every call that
//   takes one page; the batch calls trust the caller, as one comparison per reference would show.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/base/check.h"
#include "sim/vmm/policy/policy.h"
#include "sim/vmm/policy/setting.h"

namespace uffdsim {

// The hooks that not every policy needs. A core derives from this and hides what it replaces.
//
// Required of a core, beside these:
//   explicit Core(const PolicySetting&);
//   bool Resident(PageId) const;
//   void Prefetch(PageId) const;     ask for the memory that Resident() and Hit() will read
//   void Hit(PageId);                a reference to a resident page
//   PageId Evict(PageId incoming);   take out the victim; `incoming` is kNoPage if nobody waits
//   void Insert(PageId);             the page becomes resident
//   void Remove(PageId);             the page leaves without being chosen; no ghost
//   std::uint64_t Bytes() const;
struct PolicyCoreDefaults {
  void Fault(PageId) {}                   // before room is made: ghosts, targets, time
  void Tick() {}                          // an interval ends
  PageId EvictCold() { return kNoPage; }  // take out a page that is cold, or say that none is
};

template <class Core>
class PolicyOf final : public Policy {
 public:
  explicit PolicyOf(const PolicySetting& setting)
      : core_(setting), page_count_(setting.page_count), capacity_(setting.capacity) {
    UFFDSIM_CHECK(capacity_ > 0);
  }

  std::uint64_t OnAccesses(std::span<const PageId> pages) override {
    std::uint64_t misses = 0;
    ForEachPrefetched(pages, [&](PageId page) {
      if (core_.Resident(page)) [[likely]] {
        core_.Hit(page);
      } else {
        ++misses;
        Miss(page);
      }
    });
    return misses;
  }

  void OnHits(std::span<const PageId> pages) override {
    ForEachPrefetched(pages, [&](PageId page) { core_.Hit(page); });
  }

  PageId OnMiss(PageId page) override {
    CheckAbsent(page);
    return Miss(page);
  }

  void OnIntervalEnd() override { core_.Tick(); }

  void OnFault(PageId page) override {
    CheckAbsent(page);
    core_.Fault(page);
    core_.Insert(page);
    ++resident_;
  }

  void OnInterval(std::span<const PageRange> accessed) override {
    for (const PageRange& range : accessed) {
      for (std::uint32_t i = 0; i < range.count; ++i) {
        const PageId page = range.first + i;
        if (page < page_count_ && core_.Resident(page)) core_.Hit(page);
      }
    }
    core_.Tick();
  }

  void PickVictims(std::uint64_t count, Urgency urgency, std::vector<PageId>* victims) override {
    for (std::uint64_t i = 0; i < count && resident_ > 0; ++i) {
      const PageId victim = urgency == Urgency::kMust ? core_.Evict(kNoPage) : core_.EvictCold();
      if (victim == kNoPage) return;
      --resident_;
      victims->push_back(victim);
    }
  }

  void OnRefused(PageId page) override { OnFault(page); }

  void OnGone(PageId page) override {
    UFFDSIM_CHECK(page < page_count_ && core_.Resident(page));
    core_.Remove(page);
    --resident_;
  }

  bool IsResident(PageId page) const override { return page < page_count_ && core_.Resident(page); }
  std::uint64_t ResidentPages() const override { return resident_; }
  std::uint64_t MemoryBytes() const override { return core_.Bytes(); }

 private:
  // Far enough ahead to cover a read from memory, near enough to stay in the first-level cache.
  static constexpr std::size_t kAhead = 16;

  template <class Visit>
  void ForEachPrefetched(std::span<const PageId> pages, Visit&& visit) {
    const std::size_t steady = pages.size() - std::min(pages.size(), kAhead);
    for (std::size_t i = 0; i < steady; ++i) {
      core_.Prefetch(pages[i + kAhead]);
      visit(pages[i]);
    }
    for (std::size_t i = steady; i < pages.size(); ++i) visit(pages[i]);
  }

  PageId Miss(PageId page) {
    core_.Fault(page);
    PageId victim = kNoPage;
    if (resident_ >= capacity_) {
      victim = core_.Evict(page);
    } else {
      ++resident_;
    }
    core_.Insert(page);
    return victim;
  }

  void CheckAbsent(PageId page) const {
    UFFDSIM_CHECK(page < page_count_);
    UFFDSIM_CHECK(!core_.Resident(page));
  }

  Core core_;
  std::uint64_t page_count_;
  std::uint64_t capacity_;
  std::uint64_t resident_ = 0;
};

// The whole body of a policy's factory.
template <class Core>
std::unique_ptr<Policy> MakePolicyOf(const PolicySetting& setting) {
  return std::make_unique<PolicyOf<Core>>(setting);
}

}  // namespace uffdsim

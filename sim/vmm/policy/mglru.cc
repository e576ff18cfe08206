// MGLRU: generations of pages; a walk makes the pages found accessed twice the youngest.
//
// Mirrors: mm/vmscan.c of Linux 7.3 (inc_max_seq, walk_mm, evict_folios, sort_folio,
// lru_gen_look_around) for anonymous memory: one tier, no Bloom filter (every walk visits every
// resident page). A walk or a look-around that finds a page accessed marks it referenced the first
// time and moves it to the youngest generation the second time; the list it is in follows later,
// when eviction meets it there. A page that refaults within four generations, and had been in the
// working set, is the youngest.
#include <vector>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_lists.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class MglruCore : public PolicyCoreDefaults {
 public:
  explicit MglruCore(const PolicySetting& setting)
      : lists_(setting.page_count, kGenerations),
        state_(setting.page_count),
        shadow_(setting.page_count),
        chunk_pages_((std::size_t{setting.page_count} + kChunk - 1) / kChunk),
        around_(static_cast<std::size_t>(setting.parameters[0])) {}

  bool Resident(PageId page) const { return state_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }
  void Hit(PageId page) { state_[page] |= kAccessed; }

  void Insert(PageId page) {
    const std::uint32_t shadow = shadow_[page];
    const bool recent = shadow != 0 && youngest_ - shadow / 2 < kGenerations;
    const bool working_set = recent && shadow % 2 != 0;
    const std::uint32_t generation = working_set ? youngest_ : youngest_ - 1;
    state_[page] = static_cast<std::uint8_t>(kPresent | kAccessed |
                                             (working_set ? kReferenced | kWorkingSet : 0));
    SetGeneration(page, generation);
    SetList(page, generation);
    lists_.PushFront(ListOf(page), page);
    shadow_[page] = 0;
    ++chunk_pages_[page / kChunk];
  }

  PageId Evict(PageId) {
    for (;;) {
      if (oldest_ + kFewest > youngest_) Age();
      const PageId page = lists_.Back(oldest_ % kGenerations);
      if (page == kNoPage) {
        ++oldest_;
        continue;
      }
      if (GenerationOf(page) != oldest_ % kGenerations) {
        MoveToItsList(page);  // promoted since it was queued here
      } else if ((state_[page] & kAccessed) != 0) {
        Keep(page);
      } else {
        const bool working_set = (state_[page] & kWorkingSet) != 0;
        Remove(page);
        shadow_[page] = oldest_ * 2 + (working_set ? 1 : 0);
        return page;
      }
    }
  }

  void Remove(PageId page) {
    lists_.Remove(ListOf(page), page);
    state_[page] = 0;
    --chunk_pages_[page / kChunk];
  }

  std::uint64_t Bytes() const {
    return lists_.Bytes() + state_.size() + shadow_.size() * sizeof(std::uint32_t) +
           chunk_pages_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kGenerations = 4;  // MAX_NR_GENS
  static constexpr std::uint32_t kFewest = 2;       // MIN_NR_GENS
  static constexpr std::size_t kChunk = 32768;
  static constexpr std::size_t kTable = 512;  // entries of one page table: look-around stays inside

  // A page's byte: the flags, the generation it belongs to, and the list it is in.
  static constexpr std::uint8_t kPresent = 1;
  static constexpr std::uint8_t kAccessed = 2;    // the PTE's bit
  static constexpr std::uint8_t kReferenced = 4;  // found accessed once
  static constexpr std::uint8_t kWorkingSet = 8;
  static constexpr int kGenerationShift = 4;
  static constexpr int kListShift = 6;

  std::uint32_t GenerationOf(PageId page) const { return (state_[page] >> kGenerationShift) & 3u; }
  PageLists::List ListOf(PageId page) const { return state_[page] >> kListShift; }
  void SetGeneration(PageId page, std::uint32_t sequence) {
    state_[page] = static_cast<std::uint8_t>((state_[page] & ~(3u << kGenerationShift)) |
                                             (sequence % kGenerations) << kGenerationShift);
  }
  void SetList(PageId page, std::uint32_t sequence) {
    state_[page] = static_cast<std::uint8_t>((state_[page] & ~(3u << kListShift)) |
                                             (sequence % kGenerations) << kListShift);
  }
  void MoveToItsList(PageId page) {
    lists_.Remove(ListOf(page), page);
    SetList(page, GenerationOf(page));
    lists_.PushFront(ListOf(page), page);
  }

  // A page found accessed. True if that was the second time, which makes it the youngest.
  bool Seen(PageId page) {
    state_[page] = static_cast<std::uint8_t>(state_[page] & ~kAccessed);
    if ((state_[page] & kReferenced) == 0) {
      state_[page] |= kReferenced;
      return false;
    }
    state_[page] |= kWorkingSet;
    SetGeneration(page, youngest_);
    return true;
  }

  // The walk over all page tables, then a new generation.
  void Age() {
    for (std::size_t chunk = 0; chunk < chunk_pages_.size(); ++chunk) {
      if (chunk_pages_[chunk] == 0) continue;
      const std::size_t end = std::min((chunk + 1) * kChunk, state_.size());
      for (std::size_t page = chunk * kChunk; page < end; ++page) {
        if ((state_[page] & kAccessed) != 0) Seen(static_cast<PageId>(page));
      }
    }
    ++youngest_;
  }

  // The page at the oldest tail turned out to be accessed: it stays, and so do its neighbours.
  void Keep(PageId page) {
    if (!Seen(page)) SetGeneration(page, youngest_ - 1);
    MoveToItsList(page);
    const std::size_t table = page / kTable * kTable;
    const std::size_t table_end = std::min(table + kTable, state_.size());
    const std::size_t half = around_ / 2;
    const std::size_t first = std::max(table, page - std::min<std::size_t>(page, half));
    const std::size_t last = std::min(table_end, first + around_);
    for (std::size_t near = first; near < last; ++near) {
      if ((state_[near] & kAccessed) != 0) Seen(static_cast<PageId>(near));
    }
  }

  PageLists lists_;
  LazyArray<std::uint8_t> state_;
  LazyArray<std::uint32_t> shadow_;         // generation at eviction x 2 + working set, or 0
  std::vector<std::uint32_t> chunk_pages_;  // resident pages of each chunk
  std::size_t around_;
  std::uint32_t oldest_ = 1;  // min_seq; 0 in a shadow means "none"
  std::uint32_t youngest_ = 3;
};

}  // namespace

std::unique_ptr<Policy> MakeMglruPolicy(const PolicySetting& setting) {
  return MakePolicyOf<MglruCore>(setting);
}

}  // namespace uffdsim

// Age by scans: evict the page that the most scans in a row found untouched.
//
// Mirrors: kstaled's 8-bit page age (Lagar-Cavilla et al., "Software-defined far memory in
// warehouse-scale computers", ASPLOS 2019). It is what one accessed bit per page and interval can
// support exactly. A page seen in the interval that a scan closes has age 0 after it.
// Rules: oldest age first, then ascending page number. A page is cold from age `cold` on.
// Units: 1 byte per page; chunks without resident pages are never read or written.
#include <array>
#include <cstring>

#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"

#include "model/base/lazy_array.h"

namespace uffdsim {
namespace {

class AgeCore : public PolicyCoreDefaults {
 public:
  explicit AgeCore(const PolicySetting& setting)
      : state_(setting.page_count),
        chunk_pages_((std::size_t{setting.page_count} + kChunk - 1) / kChunk),
        cold_(static_cast<unsigned>(setting.parameters[0])),
        scan_every_(static_cast<std::uint64_t>(setting.parameters[1])) {}

  bool Resident(PageId page) const { return state_[page] != kAbsent; }
  void Prefetch(PageId page) const { __builtin_prefetch(state_.data() + page, 1); }

  void Hit(PageId page) {
    CountReference();
    std::uint8_t& state = state_[page];
    if (state == kTouched) return;
    --count_[state];
    ++count_[kTouched];
    state = kTouched;
  }

  void Fault(PageId) { CountReference(); }

  void Insert(PageId page) {
    state_[page] = kTouched;
    ++count_[kTouched];
    ++chunk_pages_[page / kChunk];
  }

  PageId Evict(PageId) { return EvictOldest(kTouched); }
  // Age is the state less kScannedOnce, so age >= cold means:
  PageId EvictCold() { return EvictOldest(kScannedOnce + cold_); }

  void Remove(PageId page) {
    --count_[state_[page]];
    --chunk_pages_[page / kChunk];
    state_[page] = kAbsent;
  }

  // A scan: everybody resident is one interval older, and the touched ones have age 0.
  void Tick() {
    for (std::size_t chunk = 0; chunk < chunk_pages_.size(); ++chunk) {
      if (chunk_pages_[chunk] == 0) continue;
      std::uint8_t* const first = state_.data() + chunk * kChunk;
      std::uint8_t* const last = first + ChunkSize(chunk);
      for (std::uint8_t* s = first; s != last; ++s) {
        *s = static_cast<std::uint8_t>(*s + ((*s != kAbsent) & (*s != kOldest)));
      }
    }
    count_[kOldest] += count_[kOldest - 1];
    for (unsigned s = kOldest - 1; s > kTouched; --s) count_[s] = count_[s - 1];
    count_[kTouched] = 0;
    cursor_state_ = kAbsent;
  }

  std::uint64_t Bytes() const {
    return state_.size() + chunk_pages_.size() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t kChunk = 32768;
  static constexpr std::uint8_t kAbsent = 0;
  static constexpr std::uint8_t kTouched = 1;      // since the last scan
  static constexpr std::uint8_t kScannedOnce = 2;  // age 0
  static constexpr std::uint8_t kOldest = 255;     // saturated: age 253 or more

  std::size_t ChunkSize(std::size_t chunk) const {
    return std::min(kChunk, state_.size() - chunk * kChunk);
  }

  void CountReference() {
    if (scan_every_ == 0) return;
    if (references_ == scan_every_) {
      Tick();
      references_ = 0;
    }
    ++references_;
  }

  PageId EvictOldest(unsigned at_least) {
    for (unsigned s = kOldest; s >= at_least; --s) {
      if (count_[s] == 0) continue;
      const PageId page = Find(static_cast<std::uint8_t>(s));
      Remove(page);
      return page;
    }
    return kNoPage;
  }

  // The first page in this state at or after the cursor. Between two scans pages only leave the
  // states above kTouched, so one sweep per state and scan finds all of them in page order; the
  // second turn is for pages that were touched behind the cursor.
  PageId Find(std::uint8_t state) {
    if (state != cursor_state_) {
      cursor_state_ = state;
      cursor_ = 0;
    }
    for (;;) {
      while (cursor_ < state_.size()) {
        const std::size_t chunk = cursor_ / kChunk;
        const std::size_t end = chunk * kChunk + ChunkSize(chunk);
        const void* found = chunk_pages_[chunk] == 0
                                ? nullptr
                                : std::memchr(state_.data() + cursor_, state, end - cursor_);
        if (found != nullptr) {
          const auto* place = static_cast<const std::uint8_t*>(found);
          cursor_ = static_cast<std::size_t>(place - state_.data()) + 1;
          return static_cast<PageId>(cursor_ - 1);
        }
        cursor_ = end;
      }
      cursor_ = 0;
    }
  }

  LazyArray<std::uint8_t> state_;
  std::vector<std::uint32_t> chunk_pages_;  // resident pages of each chunk
  std::array<std::uint64_t, 256> count_{};  // resident pages in each state
  std::uint8_t cursor_state_ = kAbsent;
  std::size_t cursor_ = 0;
  unsigned cold_;
  std::uint64_t scan_every_;
  std::uint64_t references_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeAgePolicy(const PolicySetting& setting) {
  return MakePolicyOf<AgeCore>(setting);
}

}  // namespace uffdsim

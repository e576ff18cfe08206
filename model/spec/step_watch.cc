#include "model/spec/step_watch.h"

#include <algorithm>

#include "model/spec/page_set.h"

namespace uffdsim {
namespace {

std::uint64_t KeyOf(MmId mm, Vpn vpn) { return FlatMap<int>::KeyOf(mm, vpn); }

}  // namespace

void StepWatch::Look(const AbstractSource& source, const char* path, const char* step) {
  source.Pages(&pages_);
  next_.clear();
  for (const AbstractPage& page : pages_) {
    next_.push_back({.key = KeyOf(page.mm, page.vpn), .word = page.word});
  }
  // Both lists are sorted: what is in one only, or differs, changed.
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < seen_.size() || j < next_.size()) {
    const bool gone = j == next_.size() || (i < seen_.size() && seen_[i].key < next_[j].key);
    const bool come = !gone && (i == seen_.size() || next_[j].key < seen_[i].key);
    const OpaqueWord before = come ? OpaqueWord{} : seen_[i].word;
    const OpaqueWord after = gone ? OpaqueWord{} : next_[j].word;
    if (before != after) {
      Record(gone ? seen_[i].key : next_[j].key,
             {.path = path, .step = step, .before = before, .after = after});
    }
    i += come ? 0 : 1;
    j += gone ? 0 : 1;
  }
  seen_.swap(next_);
}

void StepWatch::Record(std::uint64_t key, const Change& change) {
  const auto it = std::lower_bound(changes_.begin(), changes_.end(), key,
                                   [](const Changed& c, std::uint64_t k) { return c.key < k; });
  if (it != changes_.end() && it->key == key) {
    it->change = change;
  } else {
    changes_.insert(it, {.key = key, .change = change});
  }
}

const StepWatch::Change* StepWatch::Find(MmId mm, Vpn vpn) const {
  const std::uint64_t key = KeyOf(mm, vpn);
  const auto it = std::lower_bound(changes_.begin(), changes_.end(), key,
                                   [](const Changed& c, std::uint64_t k) { return c.key < k; });
  return it != changes_.end() && it->key == key ? &it->change : nullptr;
}

}  // namespace uffdsim

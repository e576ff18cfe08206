// Invariants of a replay that can be seen from outside the paths, checked at interval ends (--check).
//
// Rules:   each invariant is one sentence; what breaks it is a value, not an error. Costs one pass over
//          guest memory per call and nothing when it is not called.
// Owned by: the replay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/replay/linux_host.h"
#include "sim/replay/truth.h"
#include "sim/store/store.h"

namespace uffdsim {

class Violations {
 public:
  void Add(std::string sentence) {
    ++count_;
    if (sentences_.size() < kKept) sentences_.push_back(std::move(sentence));
  }
  std::uint64_t count() const { return count_; }
  const std::vector<std::string>& sentences() const { return sentences_; }

 private:
  static constexpr std::size_t kKept = 20;
  std::uint64_t count_ = 0;
  std::vector<std::string> sentences_;
};

void VerifyMachine(LinuxHost& host, const Truth& truth, const Store& store,
                   std::uint64_t limit_pages, Violations* violations);

}  // namespace uffdsim

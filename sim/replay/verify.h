// What --check does: the model's referee listens to every step, and at the end of each interval the
// machine's state is compared with what the referee, the guest and the VMM know.
//
// Rules:   each invariant is one sentence; what breaks it is a value, not an error. A check costs a
// few
//          passes over guest memory; without --check nothing is attached and nothing is called.
// Owned by: the replay. The host outlives the checker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/machine/abstraction.h"
#include "model/spec/referee.h"
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

class ReplayChecker {
 public:
  // Attaches the referee to the machine.
  ReplayChecker(LinuxHost& host, const Truth& truth, const Store& store, std::uint64_t limit_pages);

  void Check();
  const Violations& violations() const { return violations_; }

 private:
  void CheckPage(std::uint32_t page);
  void CheckCounts();

  LinuxHost& host_;
  const Truth& truth_;
  const Store& store_;
  std::uint64_t limit_pages_;
  WorldView view_;
  Referee referee_;
  std::size_t reported_ = 0;  // of the referee's violations
  Violations violations_;
};

}  // namespace uffdsim

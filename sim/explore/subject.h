// What an explorer explores: a machine, its referee, and who holds which descriptor, in an arena.
//
// A subject does with an operation what the scenario executor does with a line (names of contexts,
// descriptors, the pieces of `exit` and `messages`), without records: a sequence of letters is a
// scenario, and means the same.
//
// Owned by: one thread. A subject's snapshots fit only itself; its digests compare with those of
// every subject of the same setting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/check_trap.h"
#include "model/machine/digest.h"
#include "model/machine/machine.h"
#include "model/spec/referee.h"
#include "sim/explore/arena.h"
#include "sim/explore/setting.h"

namespace uffdsim {

// The name of a violation that is a failed check of the simulator: its own bookkeeping broke. Under
// a seeded defect that is a find like another; without one it is a bug of the simulator.
inline constexpr char kBrokenCheck[] = "BrokenCheck";

// A violation, copied out of the arena.
struct FoundViolation {
  std::string name;      // of the invariant, or kBrokenCheck
  std::string sentence;  // of the invariant, or the check's expression
  MmId mm{};
  Vpn vpn{};
  std::string step;  // "path/step"
  std::string detail;
};

class Subject {
 public:
  // Sets the machine up. `ok()` is false when a line of the set-up did not succeed.
  explicit Subject(const Setting& setting);
  ~Subject();
  bool ok() const { return failed_setup_ == 0; }
  std::size_t failed_setup() const { return failed_setup_; }  // its number, from 1

  enum class Result : std::uint8_t {
    kDisabled,  // nobody could issue it here; nothing was done
    kBeyond,    // more threads would sleep than the setting allows: restore
    kDone,
  };
  Result Perform(const Setting::Letter& letter);
  Digest Identify();
  // What the last letter's operation answered, as a number: equal answers, equal numbers.
  std::uint64_t answer() const { return answer_; }
  bool violated() const;
  FoundViolation violation() const;  // the first one; only where violated()

  void Save(Arena::Snapshot* snapshot) const { arena_.Save(snapshot); }
  void Restore(const Arena::Snapshot& snapshot) { arena_.Restore(snapshot); }
  const Machine& machine() const;

 private:
  struct State;

  bool Enabled(const Setting::Letter& letter) const;
  void PerformInside(const Setting::Letter& letter);
  void Answered(const Operation& op, const Outcome& outcome);
  void PerformFork(const Operation& op);
  void PerformExit(const Operation& op);
  void PerformMessages(const Operation& op);
  void FinishForks();

  const Setting& setting_;
  Arena arena_;
  State* state_ = nullptr;  // in the arena
  Digester digester_;
  std::size_t failed_setup_ = 0;
  std::uint64_t answer_ = 0;
  std::optional<CheckFailure> broken_check_;  // of the last letter
};

}  // namespace uffdsim

// One vCPU's place in its trace and in virtual time.
//
// Rules:   the clock is the trace's instructions at the stated rate, plus everything that made the
// vCPU
//          wait. The accesses of an epoch are spread evenly over its instructions, because a set
//          has no order in time; those of an ordered stream come when their deltas say.
// Owned by: the replay. Units: instructions, virtual nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "traces/event.h"

namespace uffdsim {

class Vcpu {
 public:
  explicit Vcpu(std::uint64_t instructions_per_second) : rate_(instructions_per_second) {}

  // Begins the next event; null ends the vCPU's trace.
  void Begin(const Event* event);
  bool finished() const { return finished_; }
  // Between events, or the event has no accesses left.
  bool needs_event() const { return !finished_ && (event_ == nullptr || next_ == size()); }

  const std::uint32_t* entries() const { return event_->entries.data(); }
  std::size_t next() const { return next_; }
  std::size_t size() const { return event_->entries.size(); }
  // Accesses before `index` are done.
  void Advance(std::size_t index);

  // When the next access happens; at the end of an event, when the event ends.
  std::uint64_t now_ns() const { return now_ns_; }
  // The first access that happens at `ns` or later; at least one is before it if now_ns() is.
  std::size_t IndexAt(std::uint64_t ns) const;

  void Stall(std::uint64_t ns) { Delay(ns); }
  void Idle(std::uint64_t ns) { Delay(ns); }
  std::uint64_t trace_ns() const { return NsOf(instructions_); }

 private:
  std::uint64_t NsOf(std::uint64_t instructions) const;
  std::uint64_t InstructionsAt(std::uint64_t ns) const;  // rounded up
  void Delay(std::uint64_t ns) {
    waited_ns_ += ns;
    now_ns_ += ns;
  }
  void SetInstructions(std::uint64_t instructions);

  std::uint64_t rate_;
  const Event* event_ = nullptr;
  std::size_t next_ = 0;
  bool finished_ = false;
  std::uint64_t instructions_ = 0;  // of the next access, by the vCPU's own clock
  std::uint64_t waited_ns_ = 0;     // stalls and idle time so far
  std::uint64_t now_ns_ = 0;        // caches NsOf(instructions_) + waited_ns_
};

}  // namespace uffdsim

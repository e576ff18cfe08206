#include "sim/replay/vcpu.h"

#include <algorithm>

namespace uffdsim {
namespace {

__extension__ using Wide = unsigned __int128;  // not ISO C++, but in both compilers

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// a * b / c, exact.
std::uint64_t MulDiv(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  if (a <= UINT64_MAX / b) [[likely]]
    return a * b / c;
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b / c);
}

}  // namespace

std::uint64_t Vcpu::NsOf(std::uint64_t instructions) const {
  return MulDiv(instructions, kNsPerSecond, rate_);
}

std::uint64_t Vcpu::InstructionsAt(std::uint64_t ns) const {
  return MulDiv(ns, rate_, kNsPerSecond) + 1;
}

void Vcpu::SetInstructions(std::uint64_t instructions) {
  // Clocks of a trace that step back do not turn virtual time back.
  instructions_ = std::max(instructions_, instructions);
  now_ns_ = NsOf(instructions_) + waited_ns_;
}

void Vcpu::Begin(const Event* event) {
  event_ = event;
  next_ = 0;
  if (event == nullptr) {
    finished_ = true;
    return;
  }
  SetInstructions(event->begin);
  if (event->kind == EventKind::kAccesses && !event->deltas.empty()) {
    SetInstructions(event->begin + event->deltas[0]);
  }
  if (size() == 0) SetInstructions(event->end);
}

void Vcpu::Advance(std::size_t index) {
  if (index == next_) return;
  if (index == size()) {
    next_ = index;
    SetInstructions(event_->end);
    return;
  }
  if (event_->kind == EventKind::kAccesses) {
    // The delta of an access comes before it.
    std::uint64_t at = instructions_;
    for (std::size_t i = next_ + 1; i <= index; ++i) at += event_->deltas[i];
    next_ = index;
    SetInstructions(at);
    return;
  }
  next_ = index;
  SetInstructions(event_->begin + MulDiv(event_->end - event_->begin, index, size()));
}

std::size_t Vcpu::IndexAt(std::uint64_t ns) const {
  if (ns <= now_ns_) return next_;
  const std::uint64_t at = InstructionsAt(ns - waited_ns_);
  if (event_->end <= at) return size();
  if (event_->kind == EventKind::kAccesses) {
    std::uint64_t here = instructions_;
    std::size_t i = next_ + 1;
    for (; i < size(); ++i) {
      here += event_->deltas[i];
      if (here >= at) break;
    }
    return i;
  }
  if (at <= event_->begin) return next_ + 1;
  const std::size_t index = MulDiv(at - event_->begin, size(), event_->end - event_->begin);
  return std::clamp(index, next_ + 1, size());
}

}  // namespace uffdsim

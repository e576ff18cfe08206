// The processes under test as the session sees them: starting operations, waiting until nothing
// moves.
//
// Rules:   an operation is quiescent when it has ended or sleeps in a userfaultfd wait, recognised
// by
//          its wait channel (/proc/PID/task/TID/wchan), never by a timer.
// Owned by: the session. One thread. Errors: a step that does not come to rest within kPatience is
// `stuck`.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/conform/kernel/exchange.h"

namespace uffdsim {

inline constexpr std::chrono::seconds kPatience{10};

struct Running {
  enum class State : std::uint8_t { kMoving, kEnded, kAsleep, kDied } state = State::kMoving;
  std::uint32_t process = 0;
  std::size_t cell = 0;
  std::string asleep_in;  // kernel function
};

class Workers {
 public:
  // Maps what is shared and makes process 0. False when the machine refuses.
  bool Begin();
  ~Workers();

  bool Alive(std::uint32_t process) const { return process < pids_.size() && pids_[process] > 0; }
  pid_t Pid(std::uint32_t process) const { return pids_[process]; }
  void Adopt(std::uint32_t process, pid_t pid);
  // Kills the process and waits until it is gone.
  void End(std::uint32_t process);

  // Starts an operation; nothing when all cells are in use.
  std::optional<Running> Start(std::uint32_t process, const Request& request);
  Cell& At(std::size_t cell) { return exchange_->cells[cell]; }
  // Waits until every one has ended or sleeps. False when one neither ends nor sleeps.
  bool Settle(const std::vector<Running*>& running);
  // The cell of an operation that ended can be used again.
  void Release(const Running& running);

  // A helper's request that cannot sleep; false when the process died or is stuck.
  bool Ask(std::uint32_t process, const Request& request, Answer* answer,
           std::vector<unsigned char>* bytes = nullptr, const std::string& text = "");

 private:
  void Look(Running* running) const;
  bool Gone(std::uint32_t process) const;

  Exchange* exchange_ = nullptr;
  unsigned char* stacks_ = nullptr;
  std::vector<pid_t> pids_;
  std::vector<bool> in_use_;
};

}  // namespace uffdsim

// The machine: a value that holds all modelled state, takes operations and answers outcomes.
//
// Each operation runs in a task (thread) of its own. Perform() runs it, and whatever it wakes,
// until every task has finished or sleeps. A sleeping operation's final outcome arrives later, from
// TakeResumed(), when another operation lets it go on.
//
// Owned by: the caller. Copyable, comparable by Digest(). Not thread-safe; two machines share
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/arch/arch.h"
#include "model/op/observation.h"
#include "model/op/operation.h"
#include "model/uffd/world.h"

namespace uffdsim {

// Where a sleeping task sleeps: the kernel function that a stack trace would show; "" when awake.
const char* SleepingIn(const Task& t);

struct MachineConfig {
  const Arch* arch = nullptr;  // required
  // Which function each step runs (model/defect composes them); null: the clean ones.
  std::shared_ptr<const StepTable> steps = nullptr;
  std::uint32_t hugetlb_pages = 40;         // size of the PMD-size hugetlb pool, in huge pages
  std::uint32_t gigantic_pages = 0;         // size of the PUD-size hugetlb pool
  std::uint32_t numa_nodes = 2;             // 0: a kernel without CONFIG_NUMA
  bool vma_locks = true;                    // CONFIG_PER_VMA_LOCK, which needs CONFIG_SMP
  std::uint64_t swap_bytes = 256ULL << 20;  // size of the device that `swapon` switches on
  ContentMode content_mode = ContentMode::kBytes;
  bool caches_translations = false;  // user accesses go through a TLB that only flushes empty
  bool proc_mem_forces = false;  // CONFIG_PROC_MEM_ALWAYS_FORCE; Debian's kernel has _FORCE_PTRACE
};

// A step of a path, by name.
struct StepAt {
  std::string_view path;
  std::string_view step;
};

class Machine {
 public:
  explicit Machine(const MachineConfig& config);
  Machine(const Machine&);
  Machine& operator=(const Machine&);
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();

  // Performs one operation. `tag` comes back with the outcome when the operation sleeps.
  Outcome Perform(const Operation& op, std::uint64_t tag);

  // Earlier operations that ended while the last one ran: (tag, process, outcome), by tag.
  struct Resumed {
    std::uint64_t tag;
    MmId process;
    Outcome outcome;
  };
  std::vector<Resumed> TakeResumed();

  // The pieces of Perform(), for whoever schedules steps itself.
  TaskId Start(const Operation& op, std::uint64_t tag);  // a runnable (or already done) task
  void Settle(TaskId fresh);  // runs everybody until quiescent; `fresh` is not put into TakeResumed

  // A task that takes a step only when the caller says so (RunStep() of model/path/step.h while it
  // is runnable): neither Perform() nor Settle() moves it, also when something wakes it. Once it is
  // done, the next Settle() puts it into TakeResumed().
  TaskId StartHeld(const Operation& op, std::uint64_t tag);
  // The step that a task takes next, or goes on with when it wakes; empty names when it is done.
  StepAt NextStep(TaskId id) const;

  Observation Observe(bool raw) const;

  // The state itself, for the paths' callers (vmm, referee, explorers).
  World& world() { return *world_; }
  const World& world() const { return *world_; }

 private:
  std::unique_ptr<World> world_;
  std::vector<Resumed> resumed_;
};

}  // namespace uffdsim

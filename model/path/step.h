// Paths as arrays of named steps, and the engine that runs them.
//
// A step is what happens between two points where somebody else can get in (a lock dropped, a
// sleep, a user copy, a remote flush). It is a plain function over the world, the task and the
// path's frame; it says what comes next. A seeded defect replaces the function of one named step,
// or of one site inside it (sites.h), in a StepTable, so clean code has no defect branches.
//
// Adding a path: one file that defines its frame, its steps and `const Path kXxxPath`, and one row
// in paths.def.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "model/uffd/world.h"

namespace uffdsim {

// What a step wants to happen next.
struct Next {
  enum class Kind : std::uint8_t {
    kContinue,  // the next step in the array
    kGoto,      // the step `target`
    kCall,      // run the frame that the step pushed; come back at `target`
    kReturn,    // the path is done; the caller goes on
    kSleep,     // the task sleeps; once woken it goes on at `target`
  } kind;
  std::uint8_t target = 0;

  static constexpr Next Continue() { return {Kind::kContinue, 0}; }
  static constexpr Next Return() { return {Kind::kReturn, 0}; }
  template <class E>
  static constexpr Next Goto(E step) {
    return {Kind::kGoto, static_cast<std::uint8_t>(step)};
  }
  template <class E>
  static constexpr Next Call(E back) {
    return {Kind::kCall, static_cast<std::uint8_t>(back)};
  }
  template <class E>
  static constexpr Next Sleep(E back) {
    return {Kind::kSleep, static_cast<std::uint8_t>(back)};
  }
};

// What a step reads or writes: the dependency relation of partial-order reduction.
enum Touches : std::uint32_t {
  kTouchNothing = 0,
  kTouchVma = 1U << 0,
  kTouchPte = 1U << 1,
  kTouchFolio = 1U << 2,
  kTouchCache = 1U << 3,
  kTouchSwap = 1U << 4,
  kTouchTlb = 1U << 5,
  kTouchCtx = 1U << 6,
  kTouchTasks = 1U << 7,
};

using StepFn = Next (*)(World&, Task&, void* frame);

struct Step {
  const char* name;
  StepFn run;
  std::uint32_t touches;
};

struct Path {
  const char* name;
  const char* kernel;  // file and function that it models
  std::span<const Step> steps;
};

// Wraps a typed step function: StepOf<Frame, &Function>("name", touches).
template <class F, Next (*Run)(World&, Task&, F&)>
constexpr Step StepOf(const char* name, std::uint32_t touches) {
  return {name, [](World& w, Task& t, void* frame) { return Run(w, t, *static_cast<F*>(frame)); },
          touches};
}

// Rows of paths.def, in order.
enum class PathOf : PathId {
#define PATH(id, symbol, sentence) k_##id,
#include "model/path/paths.def"
#undef PATH
  kCount,
};
inline constexpr std::size_t kPathCount = static_cast<std::size_t>(PathOf::kCount);

const Path& GetPath(PathId id);
std::string_view PathSentence(PathId id);

// The table of clean functions (step_table.h), shared by all machines that have no defects.
std::shared_ptr<const StepTable> CleanSteps();

// Runs one step of a runnable task.
void RunStep(World& w, Task& t);

// Runs a task until it is done or sleeps.
inline void RunTask(World& w, Task& t) {
  while (t.state == Task::State::kRunnable) RunStep(w, t);
}

// A new runnable task in `mm`. The reference is valid until the next call.
Task& NewTask(World& w, MmId mm);
void FreeTask(World& w, TaskId id);

// Pushes the frame of `path` onto the task.
template <class F>
F& PushPath(Task& t, PathOf path) {
  return t.Push<F>(static_cast<PathId>(path));
}

}  // namespace uffdsim

// Concurrent user-space programs whose interleavings are explored: what a VMM's threads, a guest's
// vCPUs and the kernel's own daemons do, as scenario statements.
//
// A program is straight-line statements per thread, plus the three things that a VMM decides at run
// time: it acts upon what PAGEMAP_SCAN said, it remembers a byte that it read (the backing store),
// and it holds a page back from its own fault handler while it evicts it. Everything that an engine
// runs is a plain statement in the end, so a failing schedule is a scenario file (`thread`,
// `step`).
//
// Rules for an engine:
//   - the set-up runs first, statement after statement, in the main thread;
//   - a thread's acts run in order, each statement in steps; an act whose condition does not hold
//     is skipped; in `text`, `$` stands for the byte that was kept last (0 before);
//   - the handler is one more thread: it reads the messages of `uffd`, and answers each with the
//     reaction whose `flags` match, `%` being the page offset of the message in its region; while
//     some thread holds the page it answers nothing, and does so afterwards;
//   - when every thread has ended, or sleeps with nothing left to answer, the epilogue runs with
//     the handler on; a thread that still sleeps then is a violation (NoLostWakeup), and so is an
//     `expect` line of the epilogue that does not hold.
// Owned by: constant tables; string views point into them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace uffdsim {

// When an act is done: after the last `scan` of the same thread.
enum class ActWhen : std::uint8_t {
  kAlways,
  kCold,  // the scan returned no region
  kHot,   // it returned one
};

enum class ActKind : std::uint8_t {
  kStatement,
  kKeep,     // a statement; the byte that it read is kept
  kHold,     // the handler leaves the page alone from now on
  kRelease,  // and no longer
};

struct Act {
  ActKind kind = ActKind::kStatement;
  std::string_view text = "";  // a line of the scenario language; none for kHold and kRelease
  ActWhen when = ActWhen::kAlways;
};

struct ProgramThread {
  std::string_view name;  // a word, as in `thread NAME ..`
  std::span<const Act> acts;
};

// What the fault handler does about a message.
struct Reaction {
  std::string_view flags;  // of `expect message pagefault PLACE FLAGS`; R and W both, if it begins
                           // with '+'; "" is a MISSING fault
  std::string_view text;
};

struct Program {
  std::string_view name;
  std::string_view sentence;
  enum class Verdict : std::uint8_t {
    kSafe,    // no schedule breaks anything
    kBroken,  // some schedule does
  } verdict{};
  std::span<const std::string_view> setup;
  std::span<const ProgramThread> threads;
  std::string_view uffd;  // whose messages the handler reads
  std::span<const Reaction> reactions;
  std::span<const std::string_view> epilogue;  // statements and `expect` lines
};

// A row of programs/programs.def each; in the order of the catalogue.
#define PROGRAMS(function, sentence) std::span<const Program> function();
#include "sim/explore/programs/programs.def"
#undef PROGRAMS
// All of them.
std::vector<const Program*> AllPrograms();
const Program* FindProgram(std::string_view name);  // null when there is none

}  // namespace uffdsim

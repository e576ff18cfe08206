// One execution of a concurrent program, transition by transition: who can go on, and going on.
//
// A transition is what cannot be interrupted: beginning a statement, one step of its path, reading
// messages, answering one, holding or releasing the handler. Everything is a line of the scenario
// language in the end (`thread T ..`, `step T`), so that lines() replays the execution.
//
// Owned by: the caller; not copyable: an engine repeats the same transitions to come back to a
// place. Errors: a program whose statements do not parse, or whose set-up fails, is
// InvalidArgument.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/machine/digest.h"
#include "model/op/choices.h"
#include "sim/explore/judge.h"
#include "sim/explore/program.h"
#include "sim/scenario/checker.h"
#include "sim/scenario/executor.h"

namespace uffdsim {

// A question that the machine asked during a transition.
struct Asked {
  ChoicePoint point{};
  std::uint64_t nth = 0;  // of this point, in this transition
  friend bool operator==(const Asked&, const Asked&) = default;
};

// What an execution does next.
struct Turn {
  std::size_t actor = 0;     // a thread's number, or threads(): the handler
  std::optional<Asked> yes;  // the environment's answer to one question is yes
  friend bool operator==(const Turn&, const Turn&) = default;
};

// Why an execution failed.
struct InterleaveBroken {
  std::string invariant;  // of invariants.def; NoLostWakeup, NoProgress or Expectation otherwise
  std::string detail;
};

class Session {
 public:
  // Runs the set-up.
  static absl::StatusOr<std::unique_ptr<Session>> Start(const Program& program,
                                                        const MachineChoice& machine);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  std::size_t threads() const { return program_.threads.size(); }
  std::size_t actors() const { return threads() + 1; }
  std::string ActorName(std::size_t actor) const;

  // Whether the actor can take a transition now.
  bool Enabled(std::size_t actor) const;
  std::vector<std::size_t> EnabledActors() const;
  // What the next transition of an enabled actor may touch (Touches); all bits where it is not
  // known.
  std::uint32_t Footprint(std::size_t actor) const;
  // Takes it; `asked` receives the questions that the machine asked meanwhile.
  void Take(const Turn& turn, std::vector<Asked>* asked);

  // What the referee, the epilogue or the handler found; stays once set.
  const std::optional<InterleaveBroken>& broken() const { return broken_; }

  // When nobody is enabled, or an engine gives up: lets everybody go on fairly without faults, then
  // the epilogue. Adds what is wrong to broken().
  void Finish();

  // A scenario that repeats the execution so far, with the header of the machine. What the handler
  // did has its name behind it, as failure.h shows it.
  Scenario Lines() const;
  // Of everything that decides about the future, and of what the caller knows beside it: two
  // sessions of one program with the same digest go on alike.
  Digest StateDigest(std::span<const std::uint64_t> beside) const;
  // What can be seen of the machine from outside.
  std::string EndText() const;

 private:
  // Where a thread is in its acts.
  struct ThreadState {
    std::size_t act = 0;      // the one that comes next, or runs
    bool running = false;     // between `thread` and its end
    int index = -1;           // of the running statement's record
    std::optional<bool> hot;  // what the last scan found
  };
  class Recorder;

  Session(const Program& program, const MachineChoice& machine, const MachineConfig& config);
  absl::Status SetUp();

  const Act* NextAct(std::size_t thread) const;
  static bool Applies(const Act& act, const ThreadState& thread);
  void SkipActs(std::size_t thread);
  bool MayBegin(std::size_t thread) const;
  void Begin(std::size_t thread);
  void StepThread(std::size_t thread);
  void TakeHandlerTurn();
  void Answered(const Record& record);
  void Ended(std::size_t thread, const Record& record);
  void NoteEnds(const Record& record);
  std::string Filled(std::string_view text, std::uint64_t page) const;
  void AddLine(std::string line);
  Record Run(const std::string& line);
  absl::StatusOr<Record> Perform(const std::string& line);
  void ReadMessages(const Record& record);
  bool Settled() const { return EnabledActors().empty(); }
  void Heal();
  void Epilogue();
  void Break(std::string invariant, std::string detail);
  void Expect(const Line& line, const Record& record);
  bool HasMail() const;

  const Program& program_;
  MachineChoice machine_;
  Executor executor_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Checker> checker_;
  std::vector<ThreadState> threads_;
  std::vector<std::string> lines_;
  std::vector<bool> by_handler_;     // of those lines
  bool handling_ = false;            // the handler takes its turn
  std::deque<std::string> answers_;  // of the handler, not given yet
  std::uint64_t kept_ = 0;           // the byte that was kept last
  int holds_ = 0;                    // threads that hold the handler back
  std::optional<InterleaveBroken> broken_;
};

}  // namespace uffdsim

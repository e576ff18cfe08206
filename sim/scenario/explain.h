// What each step of each operation of a scenario did to the page tables.
//
// Mirrors: nothing; it looks at the entries of every mapped VMA before and after each step, and
//          listens to messages, wakes and flushes in between.
// Owned by: the caller, who attaches it as World::listener. It passes on what it hears.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/uffd/world.h"
#include "sim/scenario/executor.h"
#include "sim/scenario/record.h"

namespace uffdsim {

// An entry that a step changed; `count` neighbours that changed in the same way are one row.
struct EntryChange {
  std::string place;        // "A:3", with the process in front unless it is 0
  std::uint64_t count = 1;  // base pages
  std::string level;        // "pte", "pmd", "hugetlb"
  Form form = Form::kPte;   // which accessors understand the words
  Word before = 0;          // of the first page
  Word after = 0;
  Word raw_before = 0;  // as stored: differs from the above for hugetlb only
  Word raw_after = 0;
};

struct StepEffect {
  std::string path;  // "" for an operation that is one step by itself
  std::string step;
  std::string kernel;           // file and function that the path models
  std::uint64_t operation = 0;  // whose thread took it
  std::vector<EntryChange> changes;
  std::vector<std::string> events;  // "message A:2 R+RWP", "flush A:0+4", ..

  bool DidSomething() const { return !changes.empty() || !events.empty(); }
};

class ExplainWatch : public Listener {
 public:
  explicit ExplainWatch(Executor* executor);

  // The effects since the last call, in order.
  std::vector<StepEffect> Take();

  void OnStep(TaskId task, const char* path, const char* step) override;
  void OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) override;
  void OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) override;
  void OnArm(MmId mm, Vpn first, Vpn last) override;
  void OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) override;
  void OnWake(CtxId ctx, Vpn first, Vpn last) override;
  void OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) override;
  void OnFlush(MmId mm, Vpn first, Vpn last) override;
  void OnNotify(MmId mm, Vpn first, Vpn last) override;

 private:
  // An entry of some page table, as stored.
  struct Cell {
    MmId mm{};
    Vpn vpn{};
    bool pmd = false;
    bool hugetlb = false;
    Word word = 0;
  };

  std::vector<Cell> Look() const;
  void CloseStep();
  void Compare(const std::vector<Cell>& before, const std::vector<Cell>& after);
  void AddChange(const Cell* before, const Cell* after);
  bool Joins(const EntryChange& change, const Cell& cell) const;
  void Say(std::string event);
  std::string Place(MmId mm, Vpn vpn) const;
  std::string Range(MmId mm, Vpn first, Vpn last) const;

  Executor& executor_;
  World& world_;
  Listener* next_;
  std::vector<Cell> seen_;
  StepEffect current_;
  TaskId task_{};
  Cell last_{};  // of the change that was added last
  std::vector<StepEffect> effects_;
};

}  // namespace uffdsim

// A machine with one process, and the few operations that the tests of single paths need.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "model/defect/catalogue.h"
#include "model/machine/machine.h"
#include "model/mm/entry.h"
#include "model/path/step.h"
#include "model/path/uffd_ioctl.h"

namespace uffdsim {

inline constexpr std::uint64_t kScenePage = 4096;
inline constexpr Vpn kSceneFirst{0x40000};  // page 0 of the tests' range, 2 MiB aligned

class Scene : public testing::Test {
 protected:
  // What the tests say is what the release does, its findings included.
  Scene()
      : machine_(
            MachineConfig{.arch = FindArch("x86_64"), .steps = StepsOf("linux-7.3.4").value()}) {}

  World& world() { return machine_.world(); }
  const Arch& arch() { return *world().arch; }
  Mm& mm(std::uint16_t id = 0) { return world().mm(MmId(id)); }

  static Operation Make(OpCode code, std::uint64_t page, std::uint64_t pages) {
    Operation op;
    op.code = code;
    op.start = (kSceneFirst.value + page) * kScenePage;
    op.length = pages * kScenePage;
    return op;
  }
  Outcome Do(const Operation& op) { return machine_.Perform(op, ++tag_); }
  Outcome Do(OpCode code, std::uint64_t page, std::uint64_t pages, std::uint64_t value = 0) {
    Operation op = Make(code, page, pages);
    op.value = value;
    return Do(op);
  }
  Outcome Advise(Advice advice, std::uint64_t page, std::uint64_t pages) {
    Operation op = Make(OpCode::k_madvise, page, pages);
    op.advice = advice;
    return Do(op);
  }
  void Map(MapKind kind, std::uint64_t pages) {
    Operation op = Make(OpCode::k_map, 0, pages);
    op.prot = kProtRead | kProtWrite;
    op.map_kind = kind;
    ASSERT_EQ(Do(op).status, Outcome::Status::kOk);
  }
  void Write(std::uint64_t page, std::uint64_t pages, std::uint8_t value) {
    ASSERT_EQ(Do(OpCode::k_write, page, pages, value).status, Outcome::Status::kOk);
  }
  // Registers pages [0, pages) with a fresh context.
  CtxId Register(std::uint64_t mode, std::uint64_t features, std::uint64_t pages) {
    const CtxId ctx = OpenUffd(world(), MmId(0), false);
    EXPECT_EQ(UffdApi(world(), ctx, 0xAA, features), Errno::kOk);
    std::uint64_t ioctls = 0;
    EXPECT_EQ(UffdRegister(world(), ctx, kSceneFirst.value * kScenePage, pages * kScenePage, mode,
                           &ioctls),
              Errno::kOk);
    EXPECT_NE(ioctls, 0U);
    return ctx;
  }
  void Arm(CtxId ctx, std::uint64_t page, std::uint64_t pages) {
    ASSERT_EQ(UffdRwprotect(world(), ctx, (kSceneFirst.value + page) * kScenePage,
                            pages * kScenePage, kProtectOn),
              Errno::kOk);
  }

  Word Entry(std::uint64_t page) { return mm().table.GetPte(kSceneFirst + page); }
  void SetEntry(std::uint64_t page, Word word) { mm().table.SetPte(kSceneFirst + page, word); }
  EntryKind Kind(std::uint64_t page) { return Classify(arch(), Form::kPte, Entry(page)); }
  Pfn Frame(std::uint64_t page) { return arch().PfnOf(Form::kPte, Entry(page)); }
  bool Armed(std::uint64_t page) {
    const Word word = Entry(page);
    return Kind(page) == EntryKind::kPresent && arch().Protnone(Form::kPte, word) &&
           arch().Uffd(Form::kPte, word);
  }
  Vma& VmaOf(std::uint64_t page) { return *mm().vmas.Find(kSceneFirst + page); }

  // Starts an operation without running it; RunUntil() stops when the named step of the path on top
  // comes next.
  TaskId Begin(const Operation& op) { return machine_.Start(op, ++tag_); }
  void RunUntil(TaskId id, const char* path, const char* step) {
    Task& t = world().task(id);
    while (t.state == Task::State::kRunnable) {
      const Path& top = GetPath(t.top().path);
      if (std::string(top.name) == path && std::string(top.steps[t.top().step].name) == step)
        return;
      RunStep(world(), t);
    }
    FAIL() << "the task ended before " << path << "/" << step;
  }
  // Performs an operation while others stay where they were stopped.
  Outcome DoBeside(const Operation& op) {
    const TaskId id = Begin(op);
    RunTask(world(), world().task(id));
    const Outcome outcome = world().task(id).outcome;
    FreeTask(world(), id);
    return outcome;
  }
  void Finish(TaskId id) {
    Task& t = world().task(id);
    RunTask(world(), t);
    ASSERT_EQ(t.state, Task::State::kDone);
    EXPECT_EQ(t.outcome.status, Outcome::Status::kOk);
    FreeTask(world(), t.id);
  }

  Machine machine_;
  std::uint64_t tag_ = 0;
};

}  // namespace uffdsim

// The canonical digest of a world: equal digests mean that the worlds behave alike.
//
// Handles that only name things are renamed in order of first use (frames, swap slots, files
// without a name, reverse-map identities, contexts, tasks); what nobody can observe is left out.
// digest.cc says for each field why it counts or not. Processes, memfds and pin handles keep their
// numbers, because operations name them.
//
// Owned by: the caller; reusable, keeps buffers. Errors: none. The same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/uffd/world.h"

namespace uffdsim {

// 128 bits, so that two of a billion states collide with probability 1e-21.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

class Digester {
 public:
  // Starts a digest. `named`: contexts that operations can name, by name; they take the first
  // numbers. CtxId 0 is a name that means nothing now.
  void Begin(const World& world, std::span<const CtxId> named);
  // Adds something that the caller knows beside the world (the referee's memory, descriptors).
  void Add(std::uint64_t value) { Put(value); }
  // A context's number in this digest; numbers it if nobody did yet.
  std::uint64_t ContextNumber(CtxId ctx);
  Digest Finish();

 private:
  void Put(std::uint64_t value);
  void PutText(std::string_view text);
  void PutFrame(Pfn pfn);
  void PutSlot(SwapSlot slot);
  void PutFile(FileId file);
  void PutEntry(Form form, Word word);
  void PutMm(MmId id);
  void PutVma(const Vma& vma);
  void PutConfig();
  void PutContexts();
  void PutTasks();
  void PutTask(const Task& task);
  void PutIsolated(const std::vector<Task::Isolated>& folios);
  void PutOperation(const Operation& op);
  void PutMessage(const Message& message);
  void PutKsm();
  void PutRest();
  void NumberTasks();
  std::uint64_t TaskNumber(TaskId task) const { return task_number_[task.value]; }

  const World* w_ = nullptr;
  std::vector<std::uint64_t> words_;
  // Numbers by handle, 0: none yet. The next number of each kind.
  std::vector<std::uint32_t> frame_number_;
  std::vector<std::uint32_t> slot_number_;
  std::vector<std::uint32_t> file_number_;
  std::vector<std::uint32_t> context_number_;
  std::vector<CtxId> contexts_;  // in order of their numbers
  std::vector<std::uint32_t> task_number_;
  std::vector<TaskId> tasks_;  // the living, the oldest first
  std::uint32_t frames_ = 0;
  std::uint32_t slots_ = 0;
  std::uint32_t files_ = 0;
  std::vector<std::uint32_t> anon_vmas_;  // of one mm, in order of first use
};

}  // namespace uffdsim

// Does each step declare what it changes? Partial-order reduction believes Step::touches.
//
// Drawn sequences run step by step; what a step changed, part by part of the world, must be among
// what it declares. (What a step only reads cannot be seen from outside.)
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>

#include "model/machine/machine.h"
#include "model/path/step.h"
#include "sim/explore/generate/generator.h"

namespace uffdsim {
namespace {

struct Part {
  std::uint32_t bit;
  const char* name;
};
constexpr std::array<Part, 7> kParts = {{{kTouchVma, "VMA"},
                                         {kTouchPte, "PTE"},
                                         {kTouchFolio, "folio"},
                                         {kTouchCache, "page cache"},
                                         {kTouchSwap, "swap"},
                                         {kTouchCtx, "context"},
                                         {kTouchTasks, "tasks"}}};

class Hash {
 public:
  template <class T>
  void Add(T value) {
    state_ ^=
        static_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15ULL + (state_ << 6) + (state_ >> 2);
    state_ *= 0xff51afd7ed558ccdULL;
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 1;
};

using Hashes = std::array<std::uint64_t, kParts.size()>;

std::uint64_t OfVmas(const World& w) {
  Hash h;
  for (const Mm& mm : w.mms) {
    h.Add(mm.alive);
    for (const Vma& vma : mm.vmas.list()) {
      h.Add(vma.start.value);
      h.Add(vma.end.value);
      // Faults give a VMA its anon_vma and note guard pages, under the page-table lock.
      h.Add(vma.flags & ~kVmMaybeGuard);
      h.Add(vma.page_prot);
      h.Add(vma.ctx.value);
    }
  }
  return h.value();
}

std::uint64_t OfEntries(const World& w) {
  Hash h;
  for (const Mm& mm : w.mms) {
    for (const Vma& vma : mm.vmas.list()) {
      for (Vpn vpn = vma.start; vpn < vma.end; ++vpn) {
        h.Add(mm.table.GetPmd(vpn));
        if (w.arch->None(Form::kPmd, mm.table.GetPmd(vpn))) h.Add(mm.table.GetPte(vpn));
      }
    }
  }
  return h.value();
}

std::uint64_t OfFolios(const World& w) {
  Hash h;
  for (std::uint32_t i = 0; i < w.frames.size(); ++i) {
    const Page& page = w.frames[Pfn(i)];
    h.Add(page.flags);
    h.Add(page.mapcount);
    h.Add(page.refs);
    h.Add(page.pins);
    h.Add(page.content);
    h.Add(page.order);
  }
  return h.value();
}

std::uint64_t OfCaches(const World& w) {
  Hash h;
  for (const File& file : w.files) {
    h.Add(file.size);
    file.cache.ForEach(0, file.size + 1024, [&](std::size_t index, CacheSlot slot) {
      h.Add(index);
      h.Add(slot.is_frame() ? slot.pfn().value : ~slot.swap().value);
    });
  }
  return h.value();
}

std::uint64_t OfSwap(const World& w) {
  Hash h;
  h.Add(w.swap.on());
  h.Add(w.swap.used());
  return h.value();
}

std::uint64_t OfContexts(const World& w) {
  Hash h;
  for (const Context& ctx : w.contexts) {
    h.Add(ctx.features);
    h.Add(ctx.open);
    h.Add(ctx.released);
    h.Add(ctx.mmap_changing);
    h.Add(ctx.faults.size());
    h.Add(ctx.events.size());
  }
  return h.value();
}

std::uint64_t OfOtherTasks(const World& w, TaskId self) {
  Hash h;
  for (const Task& t : w.tasks) {
    if (t.id != self && t.state == Task::State::kRunnable) h.Add(t.id.value);
  }
  return h.value();
}

// Looks at the world before each step, and so after the one before.
class Watcher : public Listener {
 public:
  explicit Watcher(const World& world) : w_(world) {}

  void OnStep(TaskId task, const char* path, const char* step) override {
    // Between the steps of two tasks others may have acted: those are not judged.
    if (task == task_) Settle();
    task_ = task;
    before_ = Look(task);
    running_ = Find(path, step);
  }
  // The step that ran last is over.
  void Settle() {
    if (running_ == nullptr) return;
    const Hashes after = Look(task_);
    for (std::size_t i = 0; i < kParts.size(); ++i) {
      if (after[i] != before_[i] && (running_->touches & kParts[i].bit) == 0) {
        undeclared_.insert(std::string(path_) + "/" + running_->name + " changes " +
                           kParts[i].name);
      }
    }
    running_ = nullptr;
  }
  void Forget() {
    running_ = nullptr;
    task_ = TaskId(0);
  }
  const std::set<std::string>& undeclared() const { return undeclared_; }

  void OnAccess(MmId, Vpn, Access, AccessMode) override {}
  void OnMessage(TaskId, MmId, Vpn, std::uint64_t) override {}
  void OnArm(MmId, Vpn, Vpn) override {}
  void OnLoss(MmId, Vpn, Vpn, Cause) override {}
  void OnWake(CtxId, Vpn, Vpn) override {}
  void OnInherit(MmId, Vpn, Vpn, MmId, Vpn) override {}

 private:
  Hashes Look(TaskId self) const {
    return {OfVmas(w_), OfEntries(w_),  OfFolios(w_),          OfCaches(w_),
            OfSwap(w_), OfContexts(w_), OfOtherTasks(w_, self)};
  }
  const Step* Find(const std::string& path, const std::string& step) {
    for (std::size_t i = 0; i < kPathCount; ++i) {
      const Path& candidate = GetPath(static_cast<PathId>(i));
      if (path != candidate.name) continue;
      path_ = candidate.name;
      for (const Step& s : candidate.steps) {
        if (step == s.name) return &s;
      }
    }
    return nullptr;
  }

  const World& w_;
  TaskId task_{};
  Hashes before_{};
  const char* path_ = "";
  const Step* running_ = nullptr;
  std::set<std::string> undeclared_;
};

TEST(Footprints, NoStepChangesWhatItDoesNotDeclare) {
  std::set<std::string> undeclared;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    MachineConfig config;
    config.arch = FindArch("x86_64");
    Executor executor(config, Scenario{});
    Watcher watcher(executor.machine().world());
    GenerateOptions options;
    options.seed = seed;
    options.length = 40;
    Generator generator(options);
    while (const auto statement = generator.Next(executor)) {
      // What reads messages acts for user space between steps.
      if (statement->code == OpCode::k_auto_resolve) continue;
      executor.machine().world().listener = &watcher;
      executor.Execute(*statement, 1);
      executor.machine().world().listener = nullptr;
      if (statement->code != OpCode::k_messages && statement->code != OpCode::k_exit)
        watcher.Settle();
      watcher.Forget();
    }
    undeclared.insert(watcher.undeclared().begin(), watcher.undeclared().end());
  }
  for (const std::string& finding : undeclared) ADD_FAILURE() << finding;
}

}  // namespace
}  // namespace uffdsim

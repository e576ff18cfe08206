#include "sim/explore/subject.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/machine/abstraction.h"
#include "sim/scenario/descriptors.h"
#include "sim/scenario/scripted_choices.h"

namespace uffdsim {
namespace {

// The tag of operations that end at once.
constexpr std::uint64_t kInternal = ~std::uint64_t{0};

}  // namespace

struct Subject::State {
  struct PendingFork {
    std::uint64_t tag;
    MmId parent;
    MmId child;
    std::vector<CtxId> inherited;
  };

  explicit State(const Setting& setting)
      : machine(setting.machine),
        view(machine.world()),
        referee(view, setting.strictness),
        bindings(setting.contexts.size()),
        forks_read(setting.contexts.size()) {
    machine.world().choices = &choices;
    referee.Tolerate(setting.tolerated);
    if (setting.judged) machine.world().listener = &referee;
  }

  Machine machine;
  WorldView view;
  Referee referee;
  Descriptors descriptors;
  ScriptedChoices choices;
  std::vector<CtxId> bindings;            // by name
  std::vector<std::uint32_t> forks_read;  // by name: children that its messages brought
  std::vector<PendingFork> pending;
};

Subject::Subject(const Setting& setting) : setting_(setting) {
  const Arena::Scope scope(&arena_);
  state_ = new State(setting);
  for (std::size_t i = 0; i < setting.setup.size() && ok(); ++i) {
    const Setting::Letter& letter = setting.setup[i];
    if (Enabled(letter)) {
      PerformInside(letter);
    } else {
      failed_setup_ = i + 1;
    }
    if (!state_->referee.violations().empty()) failed_setup_ = i + 1;
  }
}

Subject::~Subject() {
  const Arena::Scope scope(&arena_);
  delete state_;
}

const Machine& Subject::machine() const { return state_->machine; }

bool Subject::Enabled(const Setting::Letter& letter) const {
  const State& s = *state_;
  const World& w = s.machine.world();
  const Operation& op = letter.op;
  const auto alive = [&](MmId mm) { return mm.value < w.mms.size() && w.mm(mm).alive; };
  if (!alive(op.process)) return false;
  if (op.code == OpCode::k_fork) {
    return !alive(op.target) &&
           std::none_of(s.pending.begin(), s.pending.end(),
                        [&](const State::PendingFork& p) { return p.child == op.target; });
  }
  if (letter.statement.Has(Role::kTarget) && !alive(op.target)) return false;
  if (!letter.has_uffd) return true;
  const bool holds = s.descriptors.Has(op.process.value, s.bindings[letter.uffd]);
  return op.code == OpCode::k_uffd ? !holds : holds;
}

void Subject::Answered(const Operation& op, const Outcome& outcome) {
  const auto mix = [this](std::uint64_t value) {
    answer_ = (answer_ ^ value) * 0x9e3779b97f4a7c15ULL;
    answer_ ^= answer_ >> 29;
  };
  mix(static_cast<std::uint64_t>(outcome.status) << 32 | static_cast<std::uint64_t>(outcome.error));
  mix(static_cast<std::uint64_t>(outcome.ret.value_or(-2)));
  mix(static_cast<std::uint64_t>(outcome.out_pages.value_or(-1)));
  mix(static_cast<std::uint64_t>(outcome.out_error) << 32 | outcome.ioctls);
  for (const auto& [value, count] : outcome.values) {
    mix(static_cast<std::uint64_t>(value) << 32 | count);
  }
  for (const Message& message : outcome.messages) {
    mix(static_cast<std::uint64_t>(message.type) << 32 | message.flags);
    mix(message.address);
  }
  for (const ScanRegion& region : outcome.regions) {
    mix(region.start);
    mix(region.end);
    mix(region.categories);
  }
  for (const auto& [node, count] : outcome.nodes) {
    mix(static_cast<std::uint64_t>(node) << 32 | count);
  }
  // Answers of userfaultfd and of PAGEMAP_SCAN are promises too.
  const bool promises = op.ctx != CtxId(0) || op.code == OpCode::k_scan;
  if (setting_.judged && promises && outcome.status != Outcome::Status::kBlocked) {
    state_->referee.Judge(op, outcome);
  }
}

void Subject::FinishForks() {
  State& s = *state_;
  for (const Machine::Resumed& resumed : s.machine.TakeResumed()) {
    const auto fork =
        std::find_if(s.pending.begin(), s.pending.end(),
                     [&](const State::PendingFork& p) { return p.tag == resumed.tag; });
    if (fork == s.pending.end()) continue;
    if (resumed.outcome.status == Outcome::Status::kOk) {
      for (const CtxId ctx : fork->inherited) s.descriptors.Open(fork->child.value, ctx);
    }
    s.pending.erase(fork);
  }
}

void Subject::PerformFork(const Operation& op) {
  State& s = *state_;
  std::uint64_t tag = 1;
  for (const Task& t : s.machine.world().tasks) {
    if (t.state == Task::State::kAsleep) tag = std::max(tag, t.tag + 1);
  }
  State::PendingFork fork{tag, op.process, op.target, s.descriptors.Of(op.process.value)};
  const Outcome outcome = s.machine.Perform(op, tag);
  Answered(op, outcome);
  if (outcome.status == Outcome::Status::kBlocked) {
    s.pending.push_back(std::move(fork));
  } else if (outcome.status == Outcome::Status::kOk) {
    for (const CtxId ctx : fork.inherited) s.descriptors.Open(op.target.value, ctx);
  }
}

void Subject::PerformExit(const Operation& op) {
  State& s = *state_;
  Answered(op, s.machine.Perform(op, kInternal));
  std::erase_if(s.pending, [&](const State::PendingFork& p) { return p.parent == op.target; });
  for (const CtxId ctx : s.descriptors.Of(op.target.value)) {
    if (!s.descriptors.Close(op.target.value, ctx)) continue;
    Operation close;
    close.code = OpCode::k_close;
    close.process = op.process;
    close.ctx = ctx;
    s.machine.Perform(close, kInternal);
  }
}

void Subject::PerformMessages(const Operation& op) {
  State& s = *state_;
  for (;;) {
    const Outcome read = s.machine.Perform(op, kInternal);
    Answered(op, read);
    if (read.messages.empty()) return;
    for (const Message& message : read.messages) {
      if (message.type != Message::Type::kFork) continue;
      s.descriptors.Open(op.process.value, message.child_ctx);
      for (std::size_t i = 0; i < s.bindings.size(); ++i) {
        if (s.bindings[i] != op.ctx) continue;
        // Names beyond those of the alphabet mean nothing to it.
        const std::string name = absl::StrCat(setting_.contexts[i], "c", s.forks_read[i] + 1);
        const auto known = std::find(setting_.contexts.begin(), setting_.contexts.end(), name);
        if (known == setting_.contexts.end()) break;
        ++s.forks_read[i];
        s.bindings[static_cast<std::size_t>(known - setting_.contexts.begin())] = message.child_ctx;
        break;
      }
    }
  }
}

void Subject::PerformInside(const Setting::Letter& letter) {
  State& s = *state_;
  World& w = s.machine.world();
  Operation op = letter.op;
  if (letter.has_uffd) op.ctx = s.bindings[letter.uffd];
  switch (op.code) {
    case OpCode::k_uffd: {
      // The machine numbers contexts in order of creation.
      op.ctx = CtxId(static_cast<std::uint16_t>(std::max<std::size_t>(w.contexts.size(), 1)));
      const Outcome outcome = s.machine.Perform(op, kInternal);
      Answered(op, outcome);
      if (outcome.status == Outcome::Status::kOk) {
        s.bindings[letter.uffd] = op.ctx;
        s.descriptors.Open(op.process.value, op.ctx);
      }
      break;
    }
    case OpCode::k_close:
      if (s.descriptors.Close(op.process.value, op.ctx)) {
        Answered(op, s.machine.Perform(op, kInternal));
      }
      break;
    case OpCode::k_fork: PerformFork(op); break;
    case OpCode::k_exit: PerformExit(op); break;
    case OpCode::k_messages: PerformMessages(op); break;
    case OpCode::k_choose: s.choices.Arm(letter.statement.text, letter.statement.number); break;
    default: {
      std::uint64_t tag = 1;
      for (const Task& t : w.tasks) {
        if (t.state == Task::State::kAsleep) tag = std::max(tag, t.tag + 1);
      }
      Answered(op, s.machine.Perform(op, tag));
      break;
    }
  }
  FinishForks();
  if (setting_.judged) s.referee.Check();
}

Subject::Result Subject::Perform(const Setting::Letter& letter) {
  if (!Enabled(letter)) return Result::kDisabled;
  answer_ = 0;
  broken_check_.reset();
  try {
    const CheckTrap trap;
    const Arena::Scope scope(&arena_);
    PerformInside(letter);
  } catch (const CheckFailure& failure) {
    broken_check_ = failure;
    return Result::kDone;
  }
  std::uint32_t asleep = 0;
  for (const Task& t : state_->machine.world().tasks) {
    asleep += t.state == Task::State::kAsleep ? 1 : 0;
  }
  return asleep > setting_.sleepers && !violated() ? Result::kBeyond : Result::kDone;
}

bool Subject::violated() const {
  return broken_check_.has_value() || !state_->referee.violations().empty();
}

FoundViolation Subject::violation() const {
  if (broken_check_) {
    return {kBrokenCheck, broken_check_->expression,
            {},           {},
            "",           absl::StrCat(broken_check_->file, ":", broken_check_->line)};
  }
  const Violation& v = state_->referee.violations().front();
  return {InvariantName(v.invariant),
          InvariantSentence(v.invariant),
          v.mm,
          v.vpn,
          v.path.empty() ? "" : absl::StrCat(v.path, "/", v.step),
          v.detail};
}

Digest Subject::Identify() {
  const State& s = *state_;
  constexpr std::uint64_t kNext = ~std::uint64_t{0};
  digester_.Begin(s.machine.world(), s.bindings);
  for (const auto& [process, ctx] : s.descriptors.open()) {
    digester_.Add(std::uint64_t{process} << 32 | digester_.ContextNumber(ctx));
  }
  digester_.Add(kNext);
  for (const std::uint32_t count : s.forks_read) digester_.Add(count);
  for (const State::PendingFork& fork : s.pending) {
    digester_.Add(std::uint64_t{fork.parent.value} << 16 | fork.child.value);
    for (const CtxId ctx : fork.inherited) digester_.Add(digester_.ContextNumber(ctx));
  }
  digester_.Add(kNext);
  const History& history = s.referee.history();
  history.VisitWords([this](std::uint64_t word) { digester_.Add(word); });
  digester_.Add(history.hints ? 1 : 0);
  for (const ScriptedChoices::Armed& armed : s.choices.armed()) {
    digester_.Add(static_cast<std::uint64_t>(armed.point));
    digester_.Add(armed.left);
  }
  return digester_.Finish();
}

}  // namespace uffdsim

#include "sim/explore/interleave/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "model/path/mm_lock.h"
#include "model/path/step.h"
#include "sim/scenario/expect.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

constexpr std::uint32_t kTouchAll = ~std::uint32_t{0};
// So many rounds of one step each must bring every thread out when nothing goes wrong any more.
constexpr int kFairRounds = 400;

std::string Text(std::string_view view) { return std::string(view); }

// Whether a reaction answers a message with these flags ("R+RWP").
bool Matches(std::string_view reaction, std::string_view flags) {
  if (reaction.empty() || reaction[0] == '+') return flags.substr(1) == reaction;
  return flags == reaction;
}

}  // namespace

// Passes questions on to the executor's script, and keeps them.
class Session::Recorder : public Choices {
 public:
  Recorder(Choices* script, std::size_t points) : script_(script), counts_(points) {}
  bool Choose(ChoicePoint point) override {
    const std::uint64_t nth = ++counts_[static_cast<std::size_t>(point)];
    asked_.push_back({point, nth});
    return script_ != nullptr && script_->Choose(point);
  }
  std::vector<Asked> Take() {
    std::fill(counts_.begin(), counts_.end(), 0);
    return std::exchange(asked_, {});
  }

 private:
  Choices* script_;
  std::vector<std::uint64_t> counts_;
  std::vector<Asked> asked_;
};

Session::Session(const Program& program, const MachineChoice& machine, const MachineConfig& config)
    : program_(program),
      machine_(machine),
      executor_(config, Scenario{}),
      threads_(program.threads.size()) {
  World& world = executor_.machine().world();
  recorder_ = std::make_unique<Recorder>(world.choices, kChoices.size());
  world.choices = recorder_.get();
}

Session::~Session() = default;

absl::StatusOr<std::unique_ptr<Session>> Session::Start(const Program& program,
                                                        const MachineChoice& machine) {
  const auto config = ConfigOf(machine);
  if (!config.ok()) return config.status();
  std::unique_ptr<Session> session(new Session(program, machine, *config));
  session->checker_ = std::make_unique<Checker>(&session->executor_, Referee::Strictness::kIdeal);
  if (const absl::Status status = session->SetUp(); !status.ok()) return status;
  return session;
}

absl::Status Session::SetUp() {
  for (const std::string_view line : program_.setup) {
    const auto record = Perform(Text(line));
    if (!record.ok()) return record.status();
    if (record->outcome.status == Outcome::Status::kOk) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("program ", Text(program_.name), ": set-up fails at '", Text(line), "'"));
  }
  for (std::size_t i = 0; i < threads_.size(); ++i) SkipActs(i);
  recorder_->Take();
  return absl::OkStatus();
}

std::string Session::ActorName(std::size_t actor) const {
  return actor < threads() ? Text(program_.threads[actor].name) : "handler";
}

// --- acts ---

bool Session::Applies(const Act& act, const ThreadState& thread) {
  switch (act.when) {
    case ActWhen::kAlways: return true;
    case ActWhen::kCold: return thread.hot.has_value() && !*thread.hot;
    case ActWhen::kHot: return thread.hot.has_value() && *thread.hot;
  }
  return true;
}

const Act* Session::NextAct(std::size_t thread) const {
  const auto acts = program_.threads[thread].acts;
  return threads_[thread].act < acts.size() ? &acts[threads_[thread].act] : nullptr;
}

void Session::SkipActs(std::size_t thread) {
  while (NextAct(thread) != nullptr && !Applies(*NextAct(thread), threads_[thread])) {
    ++threads_[thread].act;
  }
}

std::string Session::Filled(std::string_view text, std::uint64_t page) const {
  return absl::StrReplaceAll(Text(text), {{"$", absl::StrCat(kept_)}, {"%", absl::StrCat(page)}});
}

// --- running lines ---

absl::StatusOr<Record> Session::Perform(const std::string& line) {
  auto scenario = ParseScenario(Text(program_.name), line);
  if (!scenario.ok()) return scenario.status();
  executor_.names().Learn(*scenario);
  AddLine(line);
  Record record =
      executor_.Execute(scenario->lines.front().statement, static_cast<int>(lines_.size()));
  checker_->After(scenario->lines.front().statement, &record);
  for (const RecordViolation& violation : record.violations) {
    Break(violation.invariant, absl::StrCat(violation.at, ": ", violation.detail));
  }
  NoteEnds(record);
  return record;
}

void Session::AddLine(std::string line) {
  lines_.push_back(std::move(line));
  by_handler_.push_back(handling_);
}

Record Session::Run(const std::string& line) {
  auto record = Perform(line);
  const bool program_statements_parse = record.ok();
  UFFDSIM_CHECK(program_statements_parse);
  return *std::move(record);
}

void Session::Break(std::string invariant, std::string detail) {
  if (!broken_) broken_ = InterleaveBroken{std::move(invariant), std::move(detail)};
}

// Threads whose statement ended while the line ran.
void Session::NoteEnds(const Record& record) {
  for (const Record& ended : record.resumed) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      if (threads_[i].running && threads_[i].index == ended.index) Ended(i, ended);
    }
  }
}

void Session::Ended(std::size_t thread, const Record& record) {
  ThreadState& state = threads_[thread];
  const Act& act = *NextAct(thread);
  if (record.code == OpCode::k_scan) state.hot = !record.outcome.regions.empty();
  if (act.kind == ActKind::kKeep && !record.outcome.values.empty()) {
    kept_ = static_cast<std::uint64_t>(record.outcome.values.front().first);
  }
  state.running = false;
  ++state.act;
  SkipActs(thread);
}

void Session::Begin(std::size_t thread) {
  ThreadState& state = threads_[thread];
  const Act& act = *NextAct(thread);
  if (act.kind == ActKind::kHold || act.kind == ActKind::kRelease) {
    holds_ += act.kind == ActKind::kHold ? 1 : -1;
    ++state.act;
    SkipActs(thread);
    return;
  }
  state.running = true;
  state.index = executor_.operations();
  const std::string text = Filled(act.text, 0);
  const std::string in_thread = absl::StrCat("thread ", ActorName(thread), " ", text);
  // What belongs to the scenario itself (close, say) takes no steps.
  const bool takes_steps = ParseScenario(Text(program_.name), in_thread).ok();
  const Record record = Run(takes_steps ? in_thread : text);
  // What is one step is over already.
  if (record.outcome.status != Outcome::Status::kStarted) Ended(thread, record);
}

void Session::StepThread(std::size_t thread) { Run(absl::StrCat("step ", ActorName(thread))); }

// --- the handler ---

bool Session::HasMail() const {
  const CtxId id = executor_.names().Context(program_.uffd);
  if (id == CtxId(0)) return false;
  const Context& ctx = executor_.machine().world().ctx(id);
  return !ctx.events.empty() || std::any_of(ctx.faults.begin(), ctx.faults.end(),
                                            [](const Context::Waiter& w) { return !w.read; });
}

void Session::ReadMessages(const Record& record) {
  for (const NamedMessage& named : record.messages) {
    if (named.message.type != Message::Type::kPagefault) continue;
    const std::string flags = FaultFlagsText(named.message.flags);
    const auto& names = executor_.names();
    const std::uint64_t page = (named.message.address - kSlotBase) % kSlotBytes / names.page_size();
    for (const Reaction& reaction : program_.reactions) {
      if (!Matches(reaction.flags, flags)) continue;
      // `$` is filled in when the answer is given: the byte may be kept later.
      answers_.push_back(absl::StrReplaceAll(Text(reaction.text), {{"%", absl::StrCat(page)}}));
      break;
    }
  }
}

// One message queue read, or one answer given.
void Session::TakeHandlerTurn() {
  if (HasMail()) {
    ReadMessages(Run(absl::StrCat("messages ", Text(program_.uffd))));
    return;
  }
  const std::string answer = answers_.front();
  answers_.pop_front();
  Answered(Run(Filled(answer, 0)));
}

// Where mappings change just now the answer is given again; where there is nothing to answer any
// more the threads only need a wake.
void Session::Answered(const Record& record) {
  if (record.outcome.status != Outcome::Status::kError || record.code == OpCode::k_wake) return;
  if (record.outcome.error == Errno::kEAGAIN) {
    answers_.push_back(lines_.back());
    return;
  }
  const Statement answer = ParseScenario("answer", lines_.back())->lines.front().statement;
  answers_.push_back(absl::StrCat("wake ", answer.uffd, " ", answer.region, " ",
                                  FormatQuantity(answer.offset), " ",
                                  FormatQuantity(answer.length)));
}

// --- transitions ---

// A statement that changes mappings waits until no fault stands between two of its steps.
bool Session::MayBegin(std::size_t thread) const {
  const Act* act = NextAct(thread);
  if (act == nullptr || act->kind == ActKind::kHold || act->kind == ActKind::kRelease) {
    return act != nullptr;
  }
  if (!MmLockHeld(executor_.machine().world())) return true;
  const auto scenario = ParseScenario(Text(program_.name), Filled(act->text, 0));
  return scenario.ok() &&
         !MmLockBusy(executor_.machine().world(), scenario->lines.front().statement.code);
}

bool Session::Enabled(std::size_t actor) const {
  if (actor == threads()) return HasMail() || (holds_ == 0 && !answers_.empty());
  if (!threads_[actor].running) return MayBegin(actor);
  const World& world = executor_.machine().world();
  const std::optional<TaskId> writer = MmLockWriter(world);
  return std::any_of(world.tasks.begin(), world.tasks.end(), [&](const Task& t) {
    return t.held && t.state == Task::State::kRunnable && writer.value_or(t.id) == t.id &&
           t.tag == static_cast<std::uint64_t>(threads_[actor].index);
  });
}

std::vector<std::size_t> Session::EnabledActors() const {
  std::vector<std::size_t> enabled;
  for (std::size_t actor = 0; actor < actors(); ++actor) {
    if (Enabled(actor)) enabled.push_back(actor);
  }
  return enabled;
}

std::uint32_t Session::Footprint(std::size_t actor) const {
  if (actor == threads() || !threads_[actor].running) return kTouchAll;
  for (const Task& t : executor_.machine().world().tasks) {
    if (!t.held || t.state == Task::State::kFree || t.depth == 0) continue;
    if (t.tag != static_cast<std::uint64_t>(threads_[actor].index)) continue;
    const Frame& frame = t.stack[t.depth - 1U];
    return GetPath(frame.path).steps[frame.step].touches;
  }
  return kTouchAll;
}

void Session::Take(const Turn& turn, std::vector<Asked>* asked) {
  if (turn.yes) {
    const ChoiceRow& point = kChoices[static_cast<std::size_t>(turn.yes->point)];
    Run(absl::StrCat("choose ", Text(point.name), " ", turn.yes->nth));
  }
  recorder_->Take();
  if (turn.actor == threads()) {
    handling_ = true;
    TakeHandlerTurn();
    handling_ = false;
  } else if (threads_[turn.actor].running) {
    StepThread(turn.actor);
  } else {
    Begin(turn.actor);
  }
  *asked = recorder_->Take();
}

// --- the end ---

// Everybody in turn, one transition each.
void Session::Heal() {
  std::vector<Asked> ignored;
  for (int round = 0; round < kFairRounds && !Settled() && !broken_; ++round) {
    for (std::size_t actor = 0; actor < actors() && !broken_; ++actor) {
      if (Enabled(actor)) Take({actor, std::nullopt}, &ignored);
    }
  }
}

void Session::Finish() {
  Heal();
  if (!broken_ && !Settled()) {
    for (std::size_t i = 0; i < threads(); ++i) {
      if (!Enabled(i)) continue;
      AddLine("expect next done");
      Break("NoProgress", absl::StrCat(ActorName(i), " goes on for ever without getting anywhere"));
    }
  }
  if (!broken_) Epilogue();
  if (broken_) return;
  for (std::size_t i = 0; i < threads(); ++i) {
    if (!threads_[i].running) continue;
    Run(absl::StrCat("step ", ActorName(i)));
    AddLine("expect next done");
    Break("NoLostWakeup", absl::StrCat(ActorName(i), " sleeps, and nobody will wake it"));
    return;
  }
}

void Session::Expect(const Line& line, const Record& record) {
  AddLine(FormatExpectation(line.expectation));
  const std::string actual = Judge(line.expectation, record, &executor_);
  if (!actual.empty()) {
    Break("Expectation",
          absl::StrCat("`", FormatExpectation(line.expectation), "` finds ", actual));
  }
}

void Session::Epilogue() {
  std::optional<Record> last;
  for (const std::string_view text : program_.epilogue) {
    if (broken_) return;
    const auto scenario = ParseScenario(Text(program_.name), absl::StrCat("note x\n", Text(text)));
    const bool program_statements_parse = scenario.ok() && scenario->lines.size() == 2;
    UFFDSIM_CHECK(program_statements_parse);
    const Line& line = scenario->lines[1];
    if (line.kind == Line::Kind::kExpect) {
      Expect(line, *last);
      continue;
    }
    last = Run(Filled(text, 0));
    Heal();
    // What slept until the handler answered is asked again.
    if (last->outcome.status == Outcome::Status::kBlocked) last = Run(Filled(text, 0));
  }
  Heal();
}

// --- as text ---

Scenario Session::Lines() const {
  std::string text;
  for (const Line& line : HeaderOf(machine_)) {
    Scenario one;
    one.lines.push_back(line);
    text += FormatScenario(one);
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    // `step T` n times is one line.
    std::size_t same = 1;
    while (lines_[i].rfind("step ", 0) == 0 && i + same < lines_.size() &&
           lines_[i + same] == lines_[i]) {
      ++same;
    }
    text += lines_[i];
    if (same > 1) absl::StrAppend(&text, " ", same);
    if (by_handler_[i]) absl::StrAppend(&text, "  # ", ActorName(threads()));
    text += "\n";
    i += same - 1;
  }
  auto scenario = ParseScenario(Text(program_.name), text);
  const bool lines_parse = scenario.ok();
  UFFDSIM_CHECK(lines_parse);
  return *std::move(scenario);
}

}  // namespace uffdsim

#include "model/path/step.h"

#include <algorithm>

#include "model/path/paths.h"
#include "model/path/step_table.h"

namespace uffdsim {
namespace {

struct Row {
  const Path* path;
  const char* sentence;
};

constexpr Row kRows[] = {
#define PATH(id, symbol, sentence) {&symbol, sentence},
#include "model/path/paths.def"
#undef PATH
};

constexpr SiteRow kSites[] = {
#define SITE(id, function, kernel, sentence) {#id, #function, kernel, sentence, false},
#define MARK_SITE(id, function, reads, writes, kernel, sentence) \
  {#id, #function, kernel, sentence, true},
#define FLUSH_SITE(id, kernel, sentence) SITE(id, FlushTlb, kernel, sentence)
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE
};

}  // namespace

std::span<const SiteRow> SiteRows() { return kSites; }

const Path& GetPath(PathId id) { return *kRows[id].path; }

std::string_view PathSentence(PathId id) { return kRows[id].sentence; }

StepTable MakeCleanSteps() {
  StepTable table;
  for (std::size_t i = 0; i < kPathCount; ++i) {
    for (const Step& step : kRows[i].path->steps) table.run[i].push_back(step.run);
  }
  return table;
}

std::shared_ptr<const StepTable> CleanSteps() {
  return std::make_shared<const StepTable>(MakeCleanSteps());
}

void StepTable::Replace(PathOf path, std::string_view step, StepFn function) {
  const auto id = static_cast<std::size_t>(path);
  const auto& steps = kRows[id].path->steps;
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const Step& s) { return s.name == step; });
  UFFDSIM_CHECK(found != steps.end());
  run[id][static_cast<std::size_t>(found - steps.begin())] = function;
}

void RunStep(World& w, Task& t) {
  const std::uint8_t depth = t.depth;
  Frame& frame = t.stack[depth - 1U];
  const std::uint8_t step = frame.step;
  if (w.listener != nullptr) {
    const Path& path = GetPath(frame.path);
    w.listener->OnStep(t.id, path.name, path.steps[step].name);
  }
  const Next next = w.steps->run[frame.path][step](w, t, frame.data.data());
  switch (next.kind) {
    case Next::Kind::kContinue: frame.step = static_cast<std::uint8_t>(step + 1); return;
    case Next::Kind::kGoto: frame.step = next.target; return;
    case Next::Kind::kCall:
      UFFDSIM_CHECK(t.depth == depth + 1);
      frame.step = next.target;
      return;
    case Next::Kind::kReturn:
      UFFDSIM_CHECK(t.depth == depth);
      --t.depth;
      if (t.depth == 0) t.state = Task::State::kDone;
      return;
    case Next::Kind::kSleep:
      frame.step = next.target;
      t.state = Task::State::kAsleep;
      return;
  }
}

Task& NewTask(World& w, MmId mm) {
  std::size_t i = 1;
  while (i < w.tasks.size() && w.tasks[i].state != Task::State::kFree) ++i;
  if (i == w.tasks.size()) w.tasks.emplace_back();
  Task& t = w.tasks[i];
  t.id = TaskId(static_cast<std::uint16_t>(i));
  t.mm = mm;
  t.state = Task::State::kRunnable;
  t.depth = 0;
  t.fault = 0;
  t.error = Errno::kOk;
  t.value = 0;
  t.sleep = Task::Sleep::kNone;
  t.sleep_ctx = CtxId(0);
  t.outcome = Outcome{};
  t.tag = 0;
  t.held = false;
  t.announcements.clear();
  return t;
}

void FreeTask(World& w, TaskId id) { w.task(id).state = Task::State::kFree; }

}  // namespace uffdsim

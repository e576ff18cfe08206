#include "sim/scenario/explain.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/arch/decode.h"
#include "model/path/kernel_names.h"

namespace uffdsim {

ExplainWatch::ExplainWatch(Executor* executor)
    : executor_(*executor),
      world_(executor->machine().world()),
      next_(world_.listener),
      seen_(Look()) {
  world_.listener = this;
}

std::vector<ExplainWatch::Cell> ExplainWatch::Look() const {
  const Arch& arch = *world_.arch;
  std::vector<Cell> cells;
  for (std::size_t m = 0; m < world_.mms.size(); ++m) {
    const Mm& mm = world_.mms[m];
    if (!mm.alive) continue;
    for (const Vma& vma : mm.vmas.list()) {
      Vpn vpn = mm.table.NextMapped(vma.start, vma.end);
      while (vpn < vma.end) {
        Cell cell{.mm = MmId(static_cast<std::uint16_t>(m)), .vpn = vpn, .hugetlb = vma.Hugetlb()};
        const Word pmd = mm.table.GetPmd(vpn);
        cell.pmd = !arch.None(Form::kPmd, pmd);
        cell.word = cell.pmd ? pmd : mm.table.GetPte(vpn);
        if (!arch.None(cell.pmd ? Form::kPmd : Form::kPte, cell.word)) cells.push_back(cell);
        const std::uint64_t pages = cell.pmd ? mm.table.PmdPages() : 1;
        vpn = mm.table.NextMapped(Vpn((vpn.value & ~(pages - 1)) + pages), vma.end);
      }
    }
  }
  return cells;
}

std::string ExplainWatch::Place(MmId mm, Vpn vpn) const {
  std::string process = absl::StrCat("mm", mm.value, ":");  // a child that fork is still making
  for (const auto& entry : executor_.names().processes()) {
    if (entry.second != mm) continue;
    process = entry.first == 0 ? "" : absl::StrCat(entry.first, ":");
  }
  return process + executor_.names().Place(vpn.value << world_.arch->geometry().page_shift);
}

std::string ExplainWatch::Range(MmId mm, Vpn first, Vpn last) const {
  const std::uint64_t pages = last - first;
  return pages == 1 ? Place(mm, first) : absl::StrCat(Place(mm, first), "+", pages);
}

// The same kind of change, one page further on.
bool ExplainWatch::Joins(const EntryChange& change, const Cell& cell) const {
  const Arch& arch = *world_.arch;
  const bool follows =
      last_.mm == cell.mm && last_.pmd == cell.pmd && !cell.pmd && last_.vpn + 1 == cell.vpn;
  if (!follows) return false;
  const EntryChange& previous = current_.changes.back();
  return EntryLetters(arch, change.form, change.before) ==
             EntryLetters(arch, previous.form, previous.before) &&
         EntryLetters(arch, change.form, change.after) ==
             EntryLetters(arch, previous.form, previous.after);
}

void ExplainWatch::AddChange(const Cell* before, const Cell* after) {
  const Arch& arch = *world_.arch;
  const Cell& cell = before != nullptr ? *before : *after;
  EntryChange change;
  change.place = Place(cell.mm, cell.vpn);
  change.count = cell.pmd ? arch.geometry().PmdPages() : 1;
  change.level = !cell.pmd ? "pte" : cell.hugetlb ? "hugetlb" : "pmd";
  change.form = cell.pmd && !cell.hugetlb ? Form::kPmd : Form::kPte;
  const Word none = arch.NoneWord(change.form);
  const auto view = [&](Word raw) {
    return cell.pmd && cell.hugetlb ? arch.HugetlbLoad(HugeSize::kPmd, raw) : raw;
  };
  change.raw_before = before != nullptr ? before->word : none;
  change.raw_after = after != nullptr ? after->word : none;
  change.before = before != nullptr ? view(before->word) : none;
  change.after = after != nullptr ? view(after->word) : none;
  if (!current_.changes.empty() && Joins(change, cell)) {
    ++current_.changes.back().count;
  } else {
    current_.changes.push_back(std::move(change));
  }
  last_ = cell;
}

// Both are sorted by process, address and level.
void ExplainWatch::Compare(const std::vector<Cell>& before, const std::vector<Cell>& after) {
  const auto key = [](const Cell& cell) { return std::tuple(cell.mm, cell.vpn, !cell.pmd); };
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < before.size() || b < after.size()) {
    if (b == after.size() || (a < before.size() && key(before[a]) < key(after[b]))) {
      AddChange(&before[a++], nullptr);
    } else if (a == before.size() || key(after[b]) < key(before[a])) {
      AddChange(nullptr, &after[b++]);
    } else {
      if (before[a].word != after[b].word) AddChange(&before[a], &after[b]);
      ++a;
      ++b;
    }
  }
}

void ExplainWatch::CloseStep() {
  std::vector<Cell> now = Look();
  Compare(seen_, now);
  seen_ = std::move(now);
  if (task_ != TaskId(0) && world_.task(task_).state == Task::State::kAsleep) {
    Say(absl::StrCat("sleeps in ", SleepingIn(world_.task(task_))));
  }
  const bool named = !current_.path.empty();
  if (named || current_.DidSomething()) effects_.push_back(std::move(current_));
  current_ = StepEffect{};
  task_ = TaskId(0);
}

std::vector<StepEffect> ExplainWatch::Take() {
  CloseStep();
  return std::exchange(effects_, {});
}

void ExplainWatch::Say(std::string event) {
  if (!current_.events.empty() && current_.events.back() == event) return;
  current_.events.push_back(std::move(event));
}

void ExplainWatch::OnStep(TaskId task, const char* path, const char* step) {
  CloseStep();
  task_ = task;
  current_.path = path;
  current_.step = step;
  current_.kernel = std::string(KernelOf(path));
  current_.operation = world_.task(task).tag;
  if (next_ != nullptr) next_->OnStep(task, path, step);
}

void ExplainWatch::OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) {
  if (next_ != nullptr) next_->OnAccess(mm, vpn, access, mode);
}

void ExplainWatch::OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) {
  Say(absl::StrCat("message ", Place(mm, vpn), " ", FaultFlagsText(flags)));
  if (next_ != nullptr) next_->OnMessage(task, mm, vpn, flags);
}

void ExplainWatch::OnArm(MmId mm, Vpn first, Vpn last) {
  if (next_ != nullptr) next_->OnArm(mm, first, last);
}

void ExplainWatch::OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) {
  if (next_ != nullptr) next_->OnLoss(mm, first, last, cause);
}

void ExplainWatch::OnWake(CtxId ctx, Vpn first, Vpn last) {
  const MmId mm = world_.ctx(ctx).mm;
  Say(absl::StrCat("wake ", executor_.names().ContextName(ctx), " ", Range(mm, first, last)));
  if (next_ != nullptr) next_->OnWake(ctx, first, last);
}

void ExplainWatch::OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) {
  if (next_ != nullptr) next_->OnInherit(from, first, last, to, to_first);
}

void ExplainWatch::OnFlush(MmId mm, Vpn first, Vpn last) {
  Say(absl::StrCat("flush TLB ", Range(mm, first, last)));
  if (next_ != nullptr) next_->OnFlush(mm, first, last);
}

void ExplainWatch::OnNotify(MmId mm, Vpn first, Vpn last) {
  Say(absl::StrCat("notify secondary MMUs ", Range(mm, first, last)));
  if (next_ != nullptr) next_->OnNotify(mm, first, last);
}

}  // namespace uffdsim

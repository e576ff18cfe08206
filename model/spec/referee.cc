#include "model/spec/referee.h"

namespace uffdsim {
namespace {

struct Row {
  int number;
  const char* name;
  const char* sentence;
};

constexpr Row kRows[] = {
#define INVARIANT(id, number, sentence) {number, #id, sentence},
#include "model/spec/invariants.def"
#undef INVARIANT
};

const Row& RowOf(InvariantId id) { return kRows[static_cast<std::size_t>(id)]; }

}  // namespace

int InvariantNumber(InvariantId id) { return RowOf(id).number; }
const char* InvariantName(InvariantId id) { return RowOf(id).name; }
const char* InvariantSentence(InvariantId id) { return RowOf(id).sentence; }

void Referee::Report(InvariantId id, MmId mm, Vpn vpn, std::string detail) {
  if ((tolerated_ >> static_cast<unsigned>(id) & 1U) != 0) return;
  for (const Violation& v : violations_) {
    if (v.invariant == id && v.mm == mm && v.vpn == vpn) return;
  }
  Violation v;
  v.invariant = id;
  v.mm = mm;
  v.vpn = vpn;
  v.path = path_;
  v.step = step_;
  v.detail = std::move(detail);
  v.kernel = source_.KernelOf(v.path);
  if (std::optional<PageChange> change = LastChange(mm, vpn)) {
    v.path = std::move(change->path);
    v.step = std::move(change->step);
    v.kernel = std::move(change->kernel);
    v.before = std::move(change->before);
    v.after = std::move(change->after);
  }
  violations_.push_back(std::move(v));
}

std::optional<PageChange> Referee::LastChange(MmId mm, Vpn vpn) {
  if (!watch_) return std::nullopt;
  watch_->Look(source_, path_, step_);
  const StepWatch::Change* change = watch_->Find(mm, vpn);
  if (change == nullptr) return std::nullopt;
  return PageChange{change->path, change->step, source_.KernelOf(change->path),
                    source_.WordText(change->before), source_.WordText(change->after)};
}

void Referee::WatchSteps() {
  watch_.emplace();
  watch_->Look(source_, "", "");
}

void Referee::ClearReports() {
  violations_.clear();
  findings_.clear();
}

void Referee::Check(std::uint32_t parts) {
  if ((parts & (kPartStates | kPartContents)) != 0) {
    source_.Pages(&pages_);
    if ((parts & kPartStates) != 0) {
      CheckNoLossWithoutReason();
      CheckNoGap();
      CheckIsolation();
    }
    for (const AbstractPage& page : pages_) {
      if ((parts & kPartStates) != 0) {
        CheckNoMarkFromNowhere(page);
        CheckNoOrphan(page);
        CheckMarkedMeansTrapping(page);
        CheckScanIsExact(page);
        CheckResolvedLetsThrough(page);
        CheckExactPermission(page);
        CheckDecode(page);
      }
      if ((parts & kPartContents) != 0) {
        CheckNoLostUpdate(page);
        CheckSoftDirtyIsKept(page);
      }
    }
  }
  if ((parts & kPartTranslations) != 0) CheckNoStaleTranslation();
  if ((parts & kPartAccounting) != 0) CheckAccounting();
  if ((parts & kPartProgress) != 0) {
    CheckNoLostWakeup();
    source_.Areas(&areas_);
    for (const AbstractArea& area : areas_) {
      CheckCleanExit(area);
      CheckApiContract(area);
    }
  }
}

}  // namespace uffdsim

// The referee: says what the machine should have done.
//
// It listens to a machine (accesses, arming, losses), keeps what each page was promised by that
// history, and compares with the abstraction of the machine. It shares no code with the paths.
//
// Owned by: the caller, who attaches it as World::listener. Costs nothing when it is not attached.
// Speed:    Check() of a machine of a few pages allocates nothing and takes a fraction of a
//           microsecond; explorers keep one referee and swap histories in and out.
// Errors:   violations are collected, never thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/op/operation.h"
#include "model/spec/automaton.h"
#include "model/spec/history.h"
#include "model/spec/step_watch.h"

namespace uffdsim {

enum class InvariantId : std::uint8_t {
#define INVARIANT(id, number, sentence) k##id,
#include "model/spec/invariants.def"
#undef INVARIANT
};
inline constexpr unsigned kInvariantCount = 0
#define INVARIANT(id, number, sentence) +1U
#include "model/spec/invariants.def"
#undef INVARIANT
    ;
int InvariantNumber(InvariantId id);
const char* InvariantName(InvariantId id);
const char* InvariantSentence(InvariantId id);

struct Violation {
  InvariantId invariant{};
  MmId mm{};
  Vpn vpn{};
  std::string path;  // path and step that changed the page last (with WatchSteps()), else what ran
  std::string step;  // when it was noticed; "" before the first
  std::string kernel;  // file and function of that path
  std::string before;  // the page's entry before that step and after it, decoded; "" when unknown
  std::string after;
  std::string detail;  // what was expected, what is
};

// What changed a page last: path and step, file and function of that path, the page's entry before
// and after, decoded.
struct PageChange {
  std::string path;
  std::string step;
  std::string kernel;
  std::string before;
  std::string after;
};

// A loss that the release is known to have: legal in its profile, reported as a finding.
struct Finding {
  Cause cause{};
  MmId mm{};
  Vpn vpn{};
  std::string path;
  std::string step;
};

// What Check() looks at; explorers leave out what their machine does not have.
enum RefereeParts : std::uint32_t {
  kPartStates = 1U << 0,        // marks, permissions, scan, isolation, decoding
  kPartContents = 1U << 1,      // contents and soft-dirtiness; ContentMode::kBytes only
  kPartTranslations = 1U << 2,  // TLB and stage 2
  kPartAccounting = 1U << 3,
  kPartProgress = 1U << 4,  // who sleeps, registrations
  kPartAll = (1U << 5) - 1,
};

class Referee : public Listener {
 public:
  // `ideal`: losses of verdict kFinding are violations. Otherwise they are findings.
  enum class Strictness : std::uint8_t { kRelease, kIdeal };
  Referee(const AbstractSource& source, Strictness strictness)
      : source_(source), strictness_(strictness) {}

  // Compares history and machine, and checks every state invariant. Call between steps or
  // operations; pending TLB flushes and counts are only settled between operations. Violations
  // already reported for the same page and invariant are not repeated.
  void Check(std::uint32_t parts = kPartAll);
  // What the operation answered, against what it did. Call when an operation has finished, before
  // the Check() that follows it.
  void Judge(const Operation& op, const Outcome& outcome);

  // Passes over violations of these invariants (bit n: InvariantId n): on a machine that is known
  // to break them, others can still be looked for.
  void Tolerate(std::uint32_t invariants) { tolerated_ = invariants; }

  // Looks at every page before each step, so that a violation names the step that changed the page
  // and the entry before and after. For reports and short runs: each step costs a pass over memory.
  void WatchSteps();
  // The page's last change; nothing when none was seen, or without WatchSteps().
  std::optional<PageChange> LastChange(MmId mm, Vpn vpn);

  const std::vector<Violation>& violations() const { return violations_; }
  const std::vector<Finding>& findings() const { return findings_; }
  void ClearReports();
  std::uint64_t armed_pages() const { return history_.armed.size(); }

  // What the referee remembers, for explorers that go back to an earlier state.
  const History& history() const { return history_; }
  void SetHistory(const History& history) { history_ = history; }

  void OnStep(TaskId task, const char* path, const char* step) override;
  void OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) override;
  void OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) override;
  void OnArm(MmId mm, Vpn first, Vpn last) override;
  void OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) override;
  void OnWake(CtxId ctx, Vpn first, Vpn last) override;
  void OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) override;
  void OnFileChange(FileId file, std::uint64_t first, std::uint64_t last) override;
  void OnClearSoftDirty(MmId mm) override;
  void OnHint(MmId mm, Vpn first, Vpn last) override;
  void OnEndless(MmId mm, Vpn vpn) override;

 private:
  void Report(InvariantId id, MmId mm, Vpn vpn, std::string detail);
  bool Promised(MmId mm, Vpn vpn) const {
    return history_.armed.Contains(mm, vpn) || history_.guarded.Contains(mm, vpn);
  }
  void Lose(PageSet* promises, MmId mm, Vpn first, Vpn last, Cause cause);
  void Forget(MmId mm, Vpn first, Vpn last);
  void Abandon(MmId mm, Vpn first, Vpn last);
  void Learn(const AbstractPage& page);

  // One function per row of invariants.def. Statements about states (states.cc) ...
  void CheckNoLossWithoutReason();
  void CheckNoMarkFromNowhere(const AbstractPage& page);
  void CheckNoOrphan(const AbstractPage& page);
  void CheckMarkedMeansTrapping(const AbstractPage& page);
  void CheckScanIsExact(const AbstractPage& page);
  void CheckResolvedLetsThrough(const AbstractPage& page);
  void CheckExactPermission(const AbstractPage& page);
  void CheckDecode(const AbstractPage& page);
  void CheckIsolation();
  void CheckNoGap();
  // ... about contents (contents.cc) ...
  void CheckNoLostUpdate(const AbstractPage& page);
  void CheckSoftDirtyIsKept(const AbstractPage& page);
  // ... about what the machine keeps beside the pages (machine_wide.cc) ...
  void CheckNoStaleTranslation();
  void CheckAccounting();
  void CheckNoLostWakeup();
  void CheckCleanExit(const AbstractArea& area);
  void CheckApiContract(const AbstractArea& area);
  // ... and about events and answers (events.cc, answers.cc).
  void CheckNoSilentAccess(const AbstractPage& page, Access access, AccessMode mode);
  void CheckNoPhantom(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags);
  void CheckNoRetryWithoutProgress(TaskId task);
  void CheckAllOrError(const Operation& op, const Outcome& outcome);
  void CheckScanProtectsWhatItReports(const Operation& op);
  void CheckScanReportsEmptyPlaces(const Operation& op, const Outcome& outcome);
  void CheckUnregisterWorks(const Operation& op, const Outcome& outcome);
  void CheckModeWasNegotiated(const Operation& op, const Outcome& outcome);

  const AbstractSource& source_;
  Strictness strictness_;
  std::uint32_t tolerated_ = 0;
  History history_;
  std::optional<StepWatch> watch_;

  const char* path_ = "";
  const char* step_ = "";
  // Faults that a thread took at one place since it last got on, and what the page was promised
  // when the last of them began: others may discard or resolve it before the message is queued.
  struct Retries {
    TaskId task{};
    AbstractPlace place{};
    int count = 0;
    bool armed = false;
    bool guarded = false;
  };
  std::vector<Retries> retries_;
  TaskId running_{};
  // Since the last step or answer: whether an ioctl armed or resolved something, and which pages
  // lost their mapping to the split of a huge one, or came under protection.
  bool touched_ = false;
  PageSet unmapped_;
  PageSet protected_;  // newly write-protected
  // What UFFDIO_MOVE took last and was written since soft-dirty was cleared: its pages, from 0.
  std::vector<std::uint64_t> moved_written_;

  // Scratch, so that a check of a small machine allocates nothing.
  std::vector<AbstractPage> pages_;
  std::vector<const AbstractPage*> writable_;
  std::vector<AbstractTranslation> translations_;
  std::vector<AbstractCount> counts_;
  std::vector<AbstractSleeper> sleepers_;
  std::vector<AbstractArea> areas_;
  PageSet populated_;

  std::vector<Violation> violations_;
  std::vector<Finding> findings_;
};

}  // namespace uffdsim

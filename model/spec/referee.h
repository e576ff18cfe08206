// The referee: says what the machine should have done.
//
// It listens to a machine (accesses, arming, losses), keeps the set of pages that are armed by that
// history, and compares with the abstraction of the machine. It shares no code with the paths.
// Owned by: the caller, who attaches it as World::listener. Costs nothing when it is not attached.
// Errors:   violations are collected, never thrown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/automaton.h"

namespace uffdsim {

enum class InvariantId : std::uint8_t {
#define INVARIANT(id, number, sentence) k##id,
#include "model/spec/invariants.def"
#undef INVARIANT
};
int InvariantNumber(InvariantId id);
const char* InvariantName(InvariantId id);
const char* InvariantSentence(InvariantId id);

struct Violation {
  InvariantId invariant{};
  MmId mm{};
  Vpn vpn{};
  std::string path;  // path and step that ran when it was noticed, "" before the first
  std::string step;
  std::string detail;  // what was expected, what is
};

// A loss that the release is known to have: legal in its profile, reported as a finding.
struct Finding {
  Cause cause{};
  MmId mm{};
  Vpn vpn{};
  std::string path;
  std::string step;
};

class Referee : public Listener {
 public:
  // `ideal`: losses of verdict kFinding are violations. Otherwise they are findings.
  enum class Strictness : std::uint8_t { kRelease, kIdeal };
  Referee(const AbstractSource& source, Strictness strictness)
      : source_(source), strictness_(strictness) {}

  // Compares history and machine, and checks every state invariant. Call between steps or
  // operations. Violations already reported for the same page and invariant are not repeated.
  void Check();

  const std::vector<Violation>& violations() const { return violations_; }
  const std::vector<Finding>& findings() const { return findings_; }
  std::uint64_t armed_pages() const { return armed_.pages().size(); }

  void OnStep(TaskId task, const char* path, const char* step) override;
  void OnAccess(MmId mm, Vpn vpn, Access access, AccessMode mode) override;
  void OnMessage(TaskId task, MmId mm, Vpn vpn, std::uint64_t flags) override;
  void OnArm(MmId mm, Vpn first, Vpn last) override;
  void OnLoss(MmId mm, Vpn first, Vpn last, Cause cause) override;
  void OnWake(CtxId ctx, Vpn first, Vpn last) override;
  void OnInherit(MmId from, Vpn first, Vpn last, MmId to, Vpn to_first) override;

 private:
  void Report(InvariantId id, MmId mm, Vpn vpn, std::string detail);

  // One function per row of invariants.def that is a statement about states; NoSilentAccess is a
  // statement about events and lives in OnAccess.
  void CheckNoLossWithoutReason();
  void CheckNoMarkFromNowhere(const AbstractPage& page);
  void CheckNoOrphan(const AbstractPage& page);
  void CheckMarkedMeansTrapping(const AbstractPage& page);
  void CheckScanIsExact(const AbstractPage& page);
  void CheckResolvedLetsThrough(const AbstractPage& page);
  void CheckIsolation(const std::vector<AbstractPage>& pages);
  void CheckNoStaleTranslation();
  void CheckAccounting();
  void CheckNoLostWakeup();

  const AbstractSource& source_;
  Strictness strictness_;
  ArmedSet armed_;
  ArmedSet resolved_;  // resolved by an ioctl since they were last armed
  // Of those, the ones that were woken afterwards, and by which context.
  std::map<ArmedSet::Key, CtxId> woken_;
  const char* path_ = "";
  const char* step_ = "";
  std::vector<Violation> violations_;
  std::vector<Finding> findings_;
};

}  // namespace uffdsim

// Invariants about what operations answer.
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {

void Referee::Judge(const Operation& op, const Outcome& outcome) {
  CheckAllOrError(op, outcome);
  touched_ = false;
}

void Referee::CheckAllOrError(const Operation& op, const Outcome& outcome) {
  const bool protects = op.code == OpCode::k_rwprotect || op.code == OpCode::k_writeprotect;
  if (!protects && op.code != OpCode::k_unregister) return;
  const MmId mm = source_.ProcessOf(op.ctx);
  const Vpn first = source_.VpnOf(op.start);
  if (outcome.status == Outcome::Status::kError && touched_) {
    Report(InvariantId::kAllOrError, mm, first,
           std::string("failed with ") + std::string(ErrnoName(outcome.error)) +
               ", and had changed pages of the range");
  }
  if (outcome.status != Outcome::Status::kOk || !protects || (op.flags & kOpRawMode) != 0) return;
  const bool on = (op.flags & kOpOn) != 0;
  const Vpn last = source_.VpnOf(op.start + op.length);
  const TrackMode mode = op.code == OpCode::k_rwprotect ? TrackMode::kRwp : TrackMode::kWp;
  source_.Pages(&pages_);
  for (const AbstractPage& page : pages_) {
    if (page.mm != mm || page.vpn < first || page.vpn >= last || page.mode != mode) continue;
    if (page.backing == Backing::kPoisoned || page.backing == Backing::kGuarded) continue;
    if (IsTrapping(StateOf(page)) == on) continue;
    Report(InvariantId::kAllOrError, mm, page.vpn,
           on ? "the ioctl succeeded, the page is not protected"
              : "the ioctl succeeded, the page is still protected");
  }
}

}  // namespace uffdsim

// Invariants about what operations answer.
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {

namespace {

constexpr std::uint64_t kCategoryWritten = 2;  // PAGE_IS_WRITTEN

}  // namespace

void Referee::Judge(const Operation& op, const Outcome& outcome) {
  CheckAllOrError(op, outcome);
  if (op.code == OpCode::k_scan) CheckScanProtectsWhatItReports(op);
  touched_ = false;
  unmapped_.clear();
  protected_.clear();
}

void Referee::CheckAllOrError(const Operation& op, const Outcome& outcome) {
  const bool protects = op.code == OpCode::k_rwprotect || op.code == OpCode::k_writeprotect;
  if (!protects && op.code != OpCode::k_unregister) return;
  const MmId mm = source_.ProcessOf(op.ctx);
  const Vpn first = source_.VpnOf(op.start);
  // Want of memory ends it anywhere; the same call again does the rest.
  const bool failed = outcome.status == Outcome::Status::kError && outcome.error != Errno::kENOMEM;
  if (failed && touched_) {
    Report(InvariantId::kAllOrError, mm, first,
           std::string("failed with ") + std::string(ErrnoName(outcome.error)) +
               ", and had changed pages of the range");
  }
  if (outcome.status != Outcome::Status::kOk || !protects || (op.flags & kOpRawMode) != 0) return;
  const bool on = (op.flags & kOpOn) != 0;
  const Vpn last = source_.VpnOf(op.start + op.length);
  const TrackMode mode = op.code == OpCode::k_rwprotect ? TrackMode::kRwp : TrackMode::kWp;
  if (on) {
    unmapped_.ForEach(mm, first, last, [&](Vpn vpn) {
      if (IsTrapping(StateOf(source_.Page(mm, vpn)))) return;
      Report(InvariantId::kAllOrError, mm, vpn,
             "the ioctl succeeded, the page was unmapped instead of protected");
    });
  }
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

// The part of ScanIsExact that is about PM_SCAN_WP_MATCHING: the masks choose what is protected.
void Referee::CheckScanProtectsWhatItReports(const Operation& op) {
  protected_.ForEach([&](MmId mm, Vpn vpn) {
    // Protection changes nothing but that the page was written before.
    const AbstractPage page = source_.Page(mm, vpn);
    const std::uint64_t seen = (page.categories | kCategoryWritten) ^ op.scan.category_inverted;
    const bool all = (seen & op.scan.category_mask) == op.scan.category_mask;
    const bool any = op.scan.category_anyof_mask == 0 || (seen & op.scan.category_anyof_mask) != 0;
    if (all && any) return;
    Report(InvariantId::kScanIsExact, mm, vpn, "protected by a scan whose masks exclude the page");
  });
}

}  // namespace uffdsim

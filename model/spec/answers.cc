// Invariants about what operations answer.
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {

namespace {

constexpr std::uint64_t kCategoryWritten = 1U << 1;   // PAGE_IS_WRITTEN
constexpr std::uint64_t kCategoryAccessed = 1U << 9;  // PAGE_IS_ACCESSED
constexpr std::uint64_t kScanProtects = 1;            // PM_SCAN_WP_MATCHING

}  // namespace

void Referee::Judge(const Operation& op, const Outcome& outcome) {
  CheckAllOrError(op, outcome);
  CheckUnregisterWorks(op, outcome);
  CheckModeWasNegotiated(op, outcome);
  if (op.code == OpCode::k_scan) {
    CheckScanReportsEmptyPlaces(op, outcome);
    CheckScanProtectsWhatItReports(op);
    if (outcome.status == Outcome::Status::kError) {
      protected_.ForEach([&](MmId mm, Vpn vpn) {
        Report(InvariantId::kScanIsExact, mm, vpn,
               "protected by a scan that failed: nobody hears of what was written");
      });
    }
  }
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

// The part of ScanIsExact that is about places where nothing is mapped.
void Referee::CheckScanReportsEmptyPlaces(const Operation& op, const Outcome& outcome) {
  if (outcome.status != Outcome::Status::kOk || op.scan.vec_len == 0) return;
  const MmId mm = op.process;
  const auto reported = [&](Vpn vpn) {
    std::uint64_t categories = 0;
    for (const ScanRegion& region : outcome.regions) {
      if (source_.VpnOf(region.start) <= vpn && vpn < source_.VpnOf(region.end)) {
        categories |= region.categories;
      }
    }
    return categories;
  };
  // A scan for writes alone that neither protects nor stops early leaves no written page out.
  const bool for_writes = op.scan.category_mask == kCategoryWritten &&
                          op.scan.category_inverted == 0 && op.scan.category_anyof_mask == 0 &&
                          (op.scan.return_mask & kCategoryWritten) != 0 &&
                          (op.scan.flags & kScanProtects) == 0;
  const Vpn last = source_.VpnOf(outcome.walk_end);
  for (Vpn vpn = source_.VpnOf(op.start); vpn < last; ++vpn) {
    const AbstractPage page = source_.Page(mm, vpn);
    if (page.backing != Backing::kNothing) continue;
    const std::uint64_t seen = reported(vpn);
    if (page.mode == TrackMode::kRwp && (seen & (kCategoryAccessed | kCategoryWritten)) != 0) {
      Report(InvariantId::kScanIsExact, mm, vpn, "nothing is mapped here, yet reported as touched");
    }
    if (!for_writes || !page.empty_is_written || Promised(mm, vpn)) continue;
    if ((seen & kCategoryWritten) == 0) {
      Report(InvariantId::kScanIsExact, mm, vpn,
             "discarded and not protected since, yet not reported as written");
    }
  }
}

// The part of CleanExit that is about UNREGISTER: it refuses no whole pages that are registered.
void Referee::CheckUnregisterWorks(const Operation& op, const Outcome& outcome) {
  if (op.code != OpCode::k_unregister || (op.flags & kOpRawMode) != 0) return;
  if (outcome.status != Outcome::Status::kError || outcome.error != Errno::kEINVAL) return;
  const MmId mm = source_.ProcessOf(op.ctx);
  const Vpn first = source_.VpnOf(op.start);
  const Vpn last = source_.VpnOf(op.start + op.length);
  // Addresses in the middle of a page are refused.
  if (op.length == 0 || source_.VpnOf(op.start - 1) == first) return;
  if (source_.VpnOf(op.start + op.length - 1) == last) return;
  source_.Areas(&areas_);
  Vpn covered = first;
  for (const AbstractArea& area : areas_) {
    if (area.mm != mm || area.ctx != op.ctx || area.first > covered) continue;
    if (area.last <= covered || covered >= last) continue;
    if ((covered - area.first) % area.unit != 0) return;
    if (last < area.last && (last - area.first) % area.unit != 0) return;
    covered = area.last;
  }
  if (covered < last) return;
  Report(InvariantId::kCleanExit, mm, first, "registered, and cannot be unregistered");
}

// The part of ApiContract that is about SET_MODE.
void Referee::CheckModeWasNegotiated(const Operation& op, const Outcome& outcome) {
  if (op.code != OpCode::k_set_mode || outcome.status != Outcome::Status::kOk) return;
  if (op.features == 0 || source_.NegotiatedRwp(op.ctx)) return;
  Report(InvariantId::kApiContract, source_.ProcessOf(op.ctx), Vpn(0),
         "asynchronous mode was switched on, RWP was not negotiated");
}

}  // namespace uffdsim

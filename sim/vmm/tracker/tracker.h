// What a tracker is: how a VMM learns which pages its guest uses, and what learning it costs.
//
// Mirrors: the tracking half of a userfaultfd memory manager. A tracker owns the VMM's background
//          thread: it says when it wants to run next and does one action per call, so that the
//          guest runs between two actions. It feeds the policy with what it saw and evicts through
//          the Evictor.
// Rules:   a tracker sees the Host and messages only. One that needs every access (the oracle) says
// so
//          and is fed by the replay for free; it stands for what cannot be known, not for a VMM.
// Owned by: the Vmm. Units: virtual nanoseconds, pages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sim/vmm/arming/arming.h"
#include "sim/vmm/evictor.h"
#include "sim/vmm/host.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

// What a tracker has to say at the end of an interval.
struct IntervalView {
  std::uint64_t estimate_pages = 0;      // its estimate of the working set
  std::span<const PageRange> seen = {};  // pages that it calls touched; some may not be there
};

// Hears of the end of each tracking interval, at the moment at which the tracker looks. No view:
// the tracker sees everything.
class IntervalListener {
 public:
  virtual ~IntervalListener() = default;
  virtual void OnIntervalEnd(std::uint64_t now_ns, const std::optional<IntervalView>& view) = 0;
};

struct TrackerSetting {
  Host* host = nullptr;
  Policy* policy = nullptr;
  Evictor* evictor = nullptr;
  ArmingStrategy* arming = nullptr;  // null for trackers that do not arm
  IntervalListener* listener = nullptr;
  std::uint64_t seed = 1;
  std::uint64_t limit_pages = 0;  // resident pages never exceed this
  std::uint64_t interval_ns = 0;
  std::uint32_t arm_chunk_pages = 0;  // most pages that one call arms
  EvictWhat evict = EvictWhat::kPressure;
};

class Tracker {
 public:
  virtual ~Tracker() = default;

  // When the background thread wants to run next.
  virtual std::uint64_t NextNs() const = 0;
  // One action. The thread's clock is at least NextNs().
  virtual void Run(VmmThread& by) = 0;

  // A fault on `page` needs a frame, now; `by` is the handler's thread. `incoming` counts the pages
  // that are on their way in, this one included.
  virtual void MakeRoom(VmmThread& by, PageId page, std::uint64_t incoming) = 0;
  // The page is there.
  virtual void OnPopulated(PageId page) = 0;

  // A touch of a page that was there queued a message, and is being resolved.
  virtual void OnTouched(PageId) {}

  // References to resident pages in program order: only for kEveryAccess.
  virtual void OnAccesses(std::span<const PageId>) {}
};

enum class TrackerSees : std::uint8_t { kFaultsAndScans, kEveryAccess };

// How the first touch of an armed page is answered.
enum class FirstTouch : std::uint8_t {
  kInKernel,  // or by nobody, where touches only set bits
  kMessage,   // the VMM's handler resolves it
};

struct TrackerRow {
  std::string_view name;
  TrackerSees sees;
  Registration registration;
  Hold hold;
  Armed armed;
  FirstTouch first_touch;
  std::string_view arming;  // its strategy when none is chosen; empty: it does not arm
  std::string_view sentence;
  std::string_view source;
  std::unique_ptr<Tracker> (*make)(const TrackerSetting&);
};

std::span<const TrackerRow> Trackers();
const TrackerRow* FindTracker(std::string_view name);  // null when unknown

// What the end of an interval should evict: down to `limit` less the room that one interval needs.
std::uint64_t PagesToEvict(std::uint64_t resident, std::uint64_t limit, std::uint64_t faults);

// The factories that the rows name, each in the file of its tracker.
#define UFFDSIM_TRACKER(identifier, ...) \
  std::unique_ptr<Tracker> Make##identifier##Tracker(const TrackerSetting& setting);
#include "sim/vmm/tracker/tracker.def"

}  // namespace uffdsim

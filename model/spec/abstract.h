// The machine as the referee sees it: pages and what may be done to them, without a single bit.
//
// model/machine/abstraction.cc computes these from page tables; the code in this folder cannot name
// an entry, an architecture or a path. The two sides therefore cannot share a mistake.
#pragma once

#include <cstdint>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

// What stands behind a page of a mapping.
enum class Backing : std::uint8_t {
  kNothing,   // no entry: the next access finds or makes a page
  kResident,  // a page is mapped
  kSwapped,
  kMigrating,
  kDevice,    // device-private or device-exclusive
  kPoisoned,  // hwpoison entry or poison marker
  kGuarded,
  kWpMarked,  // empty, with a write-protection marker
};

// Which userfaultfd protection the VMA has.
enum class TrackMode : std::uint8_t { kNone, kWp, kRwp };

struct AbstractPage {
  MmId mm{};
  Vpn vpn{};
  Backing backing = Backing::kNothing;
  TrackMode mode = TrackMode::kNone;
  CtxId ctx{};
  bool marked = false;             // carries the userfaultfd mark
  bool denies_all = false;         // resident, and no access gets through
  bool writable = false;           // resident, and writes get through
  bool accessible = false;         // the VMA permits some access
  bool may_write = false;          // the VMA permits writing
  bool private_anon = false;       // an anonymous page of a private mapping
  std::uint64_t frame = 0;         // identity of the frame where resident, 0 else
  bool reported_accessed = false;  // PAGEMAP_SCAN says ACCESSED
};

// A cached translation: a TLB entry of a CPU or a stage-2 entry of a guest.
struct AbstractTranslation {
  MmId mm{};
  Vpn vpn{};
  bool writable = false;
  std::uint64_t frame = 0;  // 0: the cache does not say (stage 2)
};

// A count that the machine keeps, and the same counted afresh.
struct AbstractCount {
  const char* what = "";  // "map count of frame", "references to swap slot", ..
  std::uint64_t which = 0;
  std::uint64_t kept = 0;
  std::uint64_t counted = 0;
};

// A thread that sleeps until somebody resolves its fault.
struct AbstractSleeper {
  TaskId task{};
  MmId mm{};
  Vpn vpn{};
  CtxId ctx{};
};

// Where the referee gets its view from. Owned by the caller; must outlive the referee.
class AbstractSource {
 public:
  virtual ~AbstractSource() = default;
  // One page; backing kNothing and mode kNone where nothing is mapped.
  virtual AbstractPage Page(MmId mm, Vpn vpn) const = 0;
  // Every page of every VMA whose entry is not empty, in order of process and address.
  virtual std::vector<AbstractPage> Pages() const = 0;
  virtual std::vector<AbstractTranslation> Translations() const = 0;
  virtual std::vector<AbstractCount> Counts() const = 0;
  virtual std::vector<AbstractSleeper> Sleepers() const = 0;
};

}  // namespace uffdsim

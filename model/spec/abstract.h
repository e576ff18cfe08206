// The machine as the referee sees it: pages and what may be done to them, without a single bit.
//
// model/machine/abstraction.cc computes these from page tables; the code in this folder cannot name
// an entry, an architecture or a path. The two sides therefore cannot share a mistake.
#pragma once

#include <cstdint>
#include <string>
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

// An entry that nobody here looks into: to be compared, and handed back for a text.
struct OpaqueWord {
  std::uint64_t value = 0;
  std::uint8_t kind = 0;
  friend bool operator==(const OpaqueWord&, const OpaqueWord&) = default;
};

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
  bool keeps_markers = false;      // WP: an empty place of the VMA can be protected
  bool marks_survive = false;      // WP: and stays so when its page goes (file memory)
  bool empty_is_written = false;   // WP: an empty place counts as written while it is not protected
  bool private_anon = false;       // an anonymous page of a private mapping
  bool private_file = false;       // a page of the file in a private mapping: not to be written
  bool sound = true;               // the entry names something that exists
  std::uint64_t categories = 0;    // PAGE_IS_* that a full scan reports
  bool reported_accessed = false;  // PAGEMAP_SCAN says ACCESSED
  bool reported_written = false;   // PAGEMAP_SCAN says WRITTEN
  bool tracks_soft_dirty = false;  // the VMA has soft-dirty tracking on
  bool soft_dirty = false;         // PAGEMAP_SCAN says SOFT_DIRTY
  bool has_content = false;        // `content` says what a load would find
  std::uint32_t content = 0;
  std::uint64_t frame = 0;   // identity of the frame where resident, 0 else
  std::uint64_t object = 0;  // identity of the file page behind a mapped file page, 0 for others
  OpaqueWord word;           // what WordText() turns into text
};

// Identity of a page of a file; never 0, in the order of files and pages.
constexpr std::uint64_t ObjectOf(FileId file, std::uint64_t index) {
  return std::uint64_t{file.value} << 40 | index;
}

// A registered or plain range of one process.
struct AbstractArea {
  MmId mm{};
  Vpn first{};
  Vpn last{};
  CtxId ctx{};
  bool wp = false;
  bool rwp = false;
  bool missing = false;
  bool minor = false;
  bool anonymous = false;     // private anonymous memory
  bool context_gone = false;  // its context was closed
  bool context_rwp = false;   // its context negotiated RWP
  std::uint64_t unit = 1;     // pages that belong together: those of a hugetlb page
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

// The page that a running thread faults on.
struct AbstractPlace {
  MmId mm{};
  Vpn vpn{};
  friend bool operator==(const AbstractPlace&, const AbstractPlace&) = default;
};

// Where the referee gets its view from. Owned by the caller; must outlive the referee. The lists
// are filled into a vector that the referee keeps: small machines allocate nothing.
class AbstractSource {
 public:
  virtual ~AbstractSource() = default;
  // One page; backing kNothing and mode kNone where nothing is mapped.
  virtual AbstractPage Page(MmId mm, Vpn vpn) const = 0;
  // Every page of every VMA whose entry is not empty, in order of process and address.
  virtual void Pages(std::vector<AbstractPage>* out) const = 0;
  virtual void Translations(std::vector<AbstractTranslation>* out) const = 0;
  virtual void Counts(std::vector<AbstractCount>* out) const = 0;
  virtual void Sleepers(std::vector<AbstractSleeper>* out) const = 0;
  virtual void Areas(std::vector<AbstractArea>* out) const = 0;

  // Places of the interface: the page of a byte address, the process that a context belongs to.
  virtual Vpn VpnOf(std::uint64_t address) const = 0;
  virtual MmId ProcessOf(CtxId ctx) const = 0;

  // The page that the thread, which runs a step of the fault path, faults on.
  virtual AbstractPlace FaultPlace(TaskId task) const = 0;

  virtual bool NegotiatedRwp(CtxId ctx) const = 0;

  // For people: the entry behind AbstractPage::word, decoded; the kernel function that a path
  // models.
  virtual std::string WordText(const OpaqueWord& word) const = 0;
  virtual std::string KernelOf(const std::string& path) const = 0;
};

}  // namespace uffdsim

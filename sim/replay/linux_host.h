// The system calls of a VMM, done by the modelled kernel and priced by the cost model.
//
// Mirrors: one process with a memfd mapped twice: `guest`, registered with a userfaultfd and shown
// to
//          the vCPUs through stage 2, and `io`, never registered. All memory behind it is shmem
//          pages of the base size. For trackers of anonymous memory there is one private mapping
//          instead, read through /proc/self/mem.
// Rules:   each call changes the machine at once and moves the caller's clock by its price; while
//          RWPROTECT arms a range, guest faults on it wait (KVM retries until the notifier ends).
// Owned by: the replay. Units: pages from the start of guest memory; virtual nanoseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "model/base/lazy_array.h"
#include "model/machine/machine.h"
#include "sim/cost/cost_model.h"
#include "sim/replay/histogram.h"
#include "sim/replay/ledger.h"
#include "sim/replay/truth.h"
#include "sim/store/store.h"
#include "sim/vmm/evictor.h"
#include "sim/vmm/host.h"
#include "sim/vmm/page_bits.h"

namespace uffdsim {

struct HostCounters {
  std::uint64_t messages = 0;        // read by the handler
  std::uint64_t pages_armed = 0;     // present pages of the ranges that were protected or set idle
  std::uint64_t pages_resolved = 0;  // by RWPROTECT and CONTINUE
  std::uint64_t pages_unmapped = 0;  // from the guest mapping
  std::uint64_t pages_aged = 0;      // accessed bits that the host's reclaim consumed
  std::uint64_t pages_scanned = 0;   // page-table entries that scans walked
  std::uint64_t pages_hashed = 0;
  std::uint64_t mode_switches = 0;
  std::uint64_t resident_max = 0;
  std::uint64_t refetched = 0;          // evicted pages that came back
  std::uint64_t false_cold = 0;         // of those, soon
  std::uint64_t read_ahead = 0;         // pages fetched before anybody asked for them
  std::uint64_t read_ahead_useful = 0;  // of those, touched before they were evicted
  std::uint64_t read_ahead_wasted = 0;  // of those, evicted untouched
};

struct HostSetting {
  const Arch* arch = nullptr;
  std::shared_ptr<const StepTable> steps;  // null: the clean ones
  std::uint32_t guest_pages = 0;
  std::uint64_t limit_pages = 0;
  Registration registration = Registration::kRwp;
  std::uint64_t false_cold_intervals = 0;
  CostModel costs;
};

// Where guest memory is mapped in the VMM.
inline constexpr std::uint64_t kGuestAddress = 1ULL << 32;

class LinuxHost final : public Host {
 public:
  // Fails when the architecture cannot do what the tracker needs.
  static absl::StatusOr<std::unique_ptr<LinuxHost>> Create(const HostSetting& setting, Store& store,
                                                           Truth& truth, Ledger& ledger);

  Errno Rwprotect(VmmThread& by, PageRange range, Protect protect) override;
  Errno Deactivate(VmmThread& by, PageRange range) override {
    return Rwprotect(by, range, Protect::kArm);  // see tracker/README.md
  }
  Errno Writeprotect(VmmThread& by, PageRange range, Protect protect) override;
  Errno SetMode(VmmThread& by, RwpMode mode) override;
  Errno Copy(VmmThread& by, PageId page, Digest digest) override;
  Errno Zeropage(VmmThread& by, PageId page) override;
  Errno Continue(VmmThread& by, PageId page) override;
  Errno Wake(VmmThread& by, PageRange range) override;
  std::optional<FaultMessage> ReadMessage(VmmThread& by) override;
  void Scan(VmmThread& by, Category category, std::vector<PageRange>* pages) override;
  Errno Unmap(VmmThread& by, PageRange range) override;
  void SetIdle(VmmThread& by, PageRange range) override;
  void ScanIdle(VmmThread& by, PageRange range, std::vector<PageRange>* touched) override;
  Digest HashPage(VmmThread& by, PageId page) override;
  Errno Punch(VmmThread& by, PageRange range) override;
  DeviceReply WriteOut(VmmThread& by, PageId page, Digest digest) override;
  DeviceReply Fetch(VmmThread& by, PageId page, Wanted wanted) override;
  Digest Stored(PageId page) const override { return store_.Token(page); }
  std::uint32_t guest_pages() const override { return set_.guest_pages; }

  // --- the host's own reclaim --------------------------------------------------------------------
  // MGLRU's walk over a range: takes the accessed bits away.
  void Age(PageRange range);

  // --- what became of read-ahead
  // ------------------------------------------------------------------ The guest has got a
  // translation of the page: it touched it.
  void OnMapped(PageId page) {
    if (!read_ahead_.Has(page)) return;
    read_ahead_.Remove({page, 1});
    ++counters_.read_ahead_useful;
  }

  // The frame of guest memory behind a page; 0: it is not there.
  Pfn FrameOf(PageId page) const;
  bool IsResident(PageId page) const { return FrameOf(page) != Pfn(0); }

  // --- for the guest and the report ------------------------------------------------------------
  World& world() { return machine_.world(); }
  Stage2& stage2() { return machine_.world().stage2s[0]; }
  CtxId ctx() const { return ctx_; }
  Vpn base() const { return base_; }
  std::uint64_t resident() const { return resident_; }
  // A guest fault on the page at `now_ns` can be served from then on.
  std::uint64_t FreeAt(PageId page, std::uint64_t now_ns) const {
    const bool busy = page >= arming_.first && page - arming_.first < arming_.count;
    return busy && now_ns < arming_until_ns_ ? arming_until_ns_ : now_ns;
  }
  const HostCounters& counters() const { return counters_; }
  const Histogram& refault_distances() const { return refault_distances_; }

 private:
  LinuxHost(const HostSetting& setting, Store& store, Truth& truth, Ledger& ledger);
  absl::Status SetUp();
  absl::Status Do(const Operation& op, const char* what);
  std::uint64_t AddressOf(PageId page) const;
  std::uint64_t BytesOf(std::uint32_t pages) const;
  std::uint64_t ResidentIn(PageRange range) const;
  // visit(page, entry) for each page that the guest mapping maps; returns the entries walked.
  template <class Visit>
  std::uint64_t ForEachMapped(PageRange range, Visit&& visit);
  bool Anonymous() const { return set_.registration == Registration::kMinorAnon; }
  std::uint64_t BitmapPs(std::uint64_t entries, std::uint64_t present) const;
  void NoteTable(PageId page);  // there is a page table for the page
  // What removing or changing `present` entries of a range costs beyond the entries themselves, and
  // for how long guest faults on it wait.
  std::uint64_t FlushPs(std::uint64_t present) const;
  void BlockFaults(PageRange range, std::uint64_t until_ns);
  void AfterFill(PageId page, Digest digest);
  void BeforeDrop(PageId page);

  HostSetting set_;
  Machine machine_;
  Store& store_;
  Truth& truth_;
  Ledger& ledger_;
  CtxId ctx_{1};
  FileId file_{1};
  Vpn base_{};
  unsigned page_shift_ = 12;
  unsigned table_shift_ = 9;  // pages of one page table, as a power of two

  std::uint64_t resident_ = 0;
  std::uint64_t table_pages_ = 0;            // entries of all page tables that exist
  LazyArray<std::uint16_t> table_resident_;  // resident pages of each table
  LazyArray<std::uint8_t> table_exists_;
  PageBits read_ahead_;  // pages that nobody has touched since they were read
  PageRange arming_{};
  std::uint64_t arming_until_ns_ = 0;
  std::vector<ScanRegion> regions_;  // of the last scan call; kept for its memory
  HostCounters counters_;
  Histogram refault_distances_;
};

}  // namespace uffdsim

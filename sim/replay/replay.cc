#include "sim/replay/replay.h"

#include <algorithm>
#include <array>
#include <optional>

#include "model/base/check.h"
#include "sim/replay/counters.h"
#include "sim/replay/guest.h"
#include "sim/replay/heat_map.h"
#include "sim/replay/histogram.h"
#include "sim/replay/interval_log.h"
#include "sim/replay/ledger.h"
#include "sim/replay/linux_host.h"
#include "sim/replay/reclaim.h"
#include "sim/replay/sizes.h"
#include "sim/replay/truth.h"
#include "sim/replay/vcpu.h"
#include "sim/replay/verify.h"
#include "sim/store/store.h"
#include "sim/vmm/vmm.h"

namespace uffdsim {
namespace {

// Whose fault a stall is.
enum class LostTo : std::uint8_t { kFirstTouch, kTracking, kEviction, kRefetch };

class Replay final : public IntervalListener {
 public:
  Replay(const ReplayConfig& config, const Sizes& sizes, EventStream& stream)
      : config_(config),
        sizes_(sizes),
        feed_(stream, sizes.coarsen),
        truth_(sizes.guest_pages),
        reclaim_(config.reclaim_aging),
        store_(config.store.timing, sizes.guest_pages, static_cast<std::uint32_t>(sizes.page_bytes),
               config.seed, {.every_read = config.fail_reads, .every_write = config.fail_writes}) {
    for (std::uint32_t i = 0; i < stream.header().vcpus; ++i) {
      slots_.push_back({.vcpu = Vcpu(sizes.rate),
                        .blocked_at_ns = kNeverNs,
                        .lost_to = {},
                        .resumes = Slot::Resumes::kNo});
    }
  }

  absl::Status Prepare(const HostWrapper& wrap) {
    absl::StatusOr<std::unique_ptr<LinuxHost>> host =
        LinuxHost::Create(HostSettingOf(config_, sizes_), store_, truth_, ledger_);
    if (!host.ok()) return host.status();
    host_ = *std::move(host);
    Host* seen = host_.get();
    if (wrap) {
      wrapped_ = wrap(*host_);
      seen = wrapped_.get();
    }
    PolicySetting policy;
    policy.page_count = sizes_.guest_pages;
    policy.capacity = sizes_.limit_pages;
    policy.seed = config_.seed;
    policy_ = MakePolicy(config_.policy, policy);
    vmm_ = std::make_unique<Vmm>(*seen, *policy_, *this, VmmSettingOf(config_, sizes_));
    if (config_.heat_map_rows != 0) heat_map_.emplace(config_.heat_map_rows, sizes_.guest_pages);
    if (config_.check == ReplayConfig::Check::kOn) {
      checker_ = std::make_unique<ReplayChecker>(*host_, truth_, store_, sizes_.limit_pages);
    }
    guest_ =
        std::make_unique<Guest>(*host_, truth_, ledger_, static_cast<std::uint32_t>(slots_.size()));
    return absl::OkStatus();
  }

  absl::Status Run() {
    for (;;) {
      Slot* slot = nullptr;
      bool unfinished = false;
      for (Slot& candidate : slots_) {
        if (candidate.vcpu.finished()) continue;
        unfinished = true;
        if (candidate.blocked_at_ns != kNeverNs) continue;
        if (slot == nullptr || candidate.vcpu.now_ns() < slot->vcpu.now_ns()) slot = &candidate;
      }
      if (!unfinished) return absl::OkStatus();
      const std::uint64_t due_ns = std::min(vmm_->NextNs(), reclaim_.NextNs());
      if (slot != nullptr && slot->vcpu.now_ns() < due_ns) {
        absl::Status status = Turn(*slot, due_ns);
        if (!status.ok()) return status;
      } else if (reclaim_.NextNs() < vmm_->NextNs()) {
        reclaim_.Run(*host_);
      } else {
        vmm_->RunNext();
        ResumeWoken();
      }
    }
  }

  void OnIntervalEnd(std::uint64_t now_ns, const std::optional<IntervalView>& view) override {
    if (view) Compare(view->seen);
    CloseInterval(now_ns, view ? view->estimate_pages : truth_.WorkingSet(1),
                  IntervalLog::Whole::kYes);
    if (heat_map_) heat_map_->AddInterval(*host_, truth_, now_ns);
    truth_.NextInterval();
    if (checker_) checker_->Check();
  }

  ReplayResult Finish() {
    std::uint64_t end_ns = 0;
    for (const Slot& slot : slots_) end_ns = std::max(end_ns, slot.vcpu.now_ns());
    if (metrics_.accesses != log_.closed_accesses()) {
      end_ns = std::max(end_ns, interval_begin_ns_);
      CloseInterval(end_ns, truth_.WorkingSet(1), IntervalLog::Whole::kCutOff);
      if (heat_map_) heat_map_->AddInterval(*host_, truth_, end_ns);
    }
    if (checker_) checker_->Check();
    FillMetrics(end_ns);
    ReplayResult result;
    result.metrics = metrics_;
    result.intervals = log_.TakeRows();
    result.stall_distribution = log_.stalls().Cumulative();
    result.blocked_distribution = blocked_.Cumulative();
    result.refault_distribution = host_->refault_distances().Cumulative();
    if (heat_map_) result.heat_map = heat_map_->Take();
    if (checker_) result.violations = checker_->violations().sentences();
    return result;
  }

 private:
  struct Slot {
    Vcpu vcpu;
    std::uint64_t blocked_at_ns = kNeverNs;
    LostTo lost_to{};
    // It slept in the middle of a fault, which goes on without another exit from the guest.
    enum class Resumes : std::uint8_t { kNo, kYes } resumes = Resumes::kNo;
  };

  std::uint32_t NumberOf(const Slot& slot) const {
    return static_cast<std::uint32_t>(&slot - slots_.data());
  }

  // Runs a vCPU until `until_ns`, the end of an event, or a fault that blocks.
  absl::Status Turn(Slot& slot, std::uint64_t until_ns) {
    Vcpu& vcpu = slot.vcpu;
    if (vcpu.needs_event()) {
      absl::StatusOr<const Event*> event = feed_.Next(NumberOf(slot));
      if (!event.ok()) return event.status();
      vcpu.Begin(*event);
      if (*event != nullptr) CountEvent(**event, vcpu);
      return absl::OkStatus();
    }
    while (vcpu.next() < vcpu.size() && vcpu.now_ns() < until_ns) {
      const std::size_t begin = vcpu.next();
      const std::size_t end = vcpu.IndexAt(until_ns);
      std::size_t stop = 0;
      if (config_.tracker->sees == TrackerSees::kEveryAccess) {
        stop = guest_->RunHits<RecordHits::kOn>(vcpu.entries(), begin, end);
        vmm_->OnAccesses(guest_->recorded());
        guest_->recorded().clear();
      } else {
        stop = guest_->RunHits<RecordHits::kOff>(vcpu.entries(), begin, end);
      }
      metrics_.accesses += stop - begin;
      vcpu.Advance(stop);
      if (config_.costs.access_hit_ps != 0) {
        vcpu.Stall(NsFromPs((stop - begin) * config_.costs.access_hit_ps));
      }
      if (stop != end) {
        HandleFault(slot, vcpu.entries()[stop]);
        if (slot.blocked_at_ns != kNeverNs) return absl::OkStatus();
        until_ns = std::min({until_ns, vmm_->NextNs(), reclaim_.NextNs()});
      }
    }
    return absl::OkStatus();
  }

  void CountEvent(const Event& event, Vcpu& vcpu) {
    if (event.kind == EventKind::kIdle) {
      vcpu.Idle(event.idle_ns);
      metrics_.idle_ns += event.idle_ns;
      return;
    }
    CountEntries(event.entries, &metrics_);
  }

  void HandleFault(Slot& slot, std::uint32_t entry) {
    Vcpu& vcpu = slot.vcpu;
    const CostModel& costs = config_.costs;
    const std::uint32_t page = EntryPage(entry);
    // While its range is being armed the fault is retried in the hypervisor.
    const std::uint64_t wait_ns = host_->FreeAt(page, vcpu.now_ns()) - vcpu.now_ns();
    const bool resumes = slot.resumes == Slot::Resumes::kYes;
    slot.resumes = Slot::Resumes::kNo;
    const bool first = truth_.NeverTouched(host_->stage2().words()[page] >> Stage2::kCookieShift);
    const GuestFault fault = guest_->Fault(NumberOf(slot), entry);
    std::uint64_t ps = resumes ? 0 : costs.vcpu_exit_ps;
    switch (fault) {
      case GuestFault::kStage2Only:
        if (resumes) return;  // what it slept for is there
        ++metrics_.faults_stage2;
        break;
      case GuestFault::kRwpAsync:
        ps += costs.rwp_async_fault_ps;
        ++metrics_.faults_rwp_async;
        break;
      case GuestFault::kWpAsync:
        ps += costs.wp_async_fault_ps;
        ++metrics_.faults_wp_async;
        break;
      case GuestFault::kMinor:
        ps += costs.minor_fault_ps;
        ++metrics_.faults_minor;
        break;
      case GuestFault::kBlocked:
        Block(slot, page, wait_ns + NsFromPs(ps + costs.uffd_block_ps), first);
        return;
    }
    const std::uint64_t ns = wait_ns + NsFromPs(ps);
    vcpu.Stall(ns);
    RecordStall(ns, LostTo::kTracking);
  }

  // Why a touch of a page that is there sends a message: the tracker asked for it, or the page is
  // held for eviction.
  LostTo LostToMessage(std::uint32_t page) const {
    const bool tracking = config_.tracker->first_touch == FirstTouch::kMessage;
    return tracking && !vmm_->Evicting(page) ? LostTo::kTracking : LostTo::kEviction;
  }

  // The vCPU sleeps from now on; what it paid to get there is part of the stall.
  void Block(Slot& slot, std::uint32_t page, std::uint64_t paid_ns, bool first) {
    switch (guest_->blocked_on(NumberOf(slot))) {
      case FaultKind::kRwp:
        ++metrics_.faults_rwp_sync;
        slot.lost_to = LostToMessage(page);
        break;
      case FaultKind::kMinor:
        ++metrics_.faults_minor_sync;
        slot.lost_to = LostToMessage(page);
        break;
      case FaultKind::kMissing:
        ++metrics_.faults_missing;
        slot.lost_to = first ? LostTo::kFirstTouch : LostTo::kRefetch;
        break;
    }
    slot.blocked_at_ns = slot.vcpu.now_ns();
    vmm_->OnMessages(slot.blocked_at_ns + paid_ns);
    // Making room may have ended in async mode, which wakes everybody, for nothing.
    ResumeWoken();
  }

  // What the VMM did last may have woken vCPUs.
  void ResumeWoken() {
    for (Slot& slot : slots_) {
      if (slot.blocked_at_ns == kNeverNs || !guest_->Woken(NumberOf(slot))) continue;
      const std::uint64_t wake_ns =
          std::max(slot.blocked_at_ns, vmm_->done_ns()) + NsFromPs(config_.costs.vcpu_wake_ps);
      const std::uint64_t ns = wake_ns - slot.blocked_at_ns;
      slot.vcpu.Stall(ns);
      slot.blocked_at_ns = kNeverNs;
      slot.resumes = Slot::Resumes::kYes;
      RecordStall(ns, slot.lost_to);
      blocked_.Add(ns);
    }
  }

  void RecordStall(std::uint64_t ns, LostTo why) {
    log_.AddStall(ns);
    lost_ns_[static_cast<std::size_t>(why)] += ns;
  }

  // The tracker's set of touched pages against the true one.
  void Compare(std::span<const PageRange> seen) {
    std::uint64_t resident = 0;
    std::uint64_t touched = 0;
    const std::uint32_t* const words = host_->stage2().words();
    for (const PageRange& range : seen) {
      for (PageId page = range.first; page - range.first < range.count; ++page) {
        if (!host_->IsResident(page)) continue;
        ++resident;
        touched += words[page] >> Stage2::kCookieShift == truth_.interval() ? 1U : 0U;
      }
    }
    const std::uint64_t truth = truth_.WorkingSet(1);
    log_.AddSeen(resident, resident - touched, truth - std::min(truth, touched));
  }

  void CloseInterval(std::uint64_t end_ns, std::uint64_t estimate, IntervalLog::Whole whole) {
    const EvictionCounts& evicted = vmm_->evictions();
    const auto lost = [&](LostTo why) { return lost_ns_[static_cast<std::size_t>(why)]; };
    IntervalRow row;
    row.accesses = metrics_.accesses;
    row.faults_rwp_async = metrics_.faults_rwp_async;
    row.faults_rwp_sync = metrics_.faults_rwp_sync;
    row.faults_wp_async = metrics_.faults_wp_async;
    row.faults_minor_sync = metrics_.faults_minor_sync;
    row.faults_missing = metrics_.faults_missing;
    FillFrom(host_->counters(), &row);
    FillFrom(store_.counters(), &row);
    row.evicted_clean = evicted.clean;
    row.evicted_dirty = evicted.dirty;
    row.tracker_busy_ns = vmm_->tracker_busy_ns();
    row.handler_busy_ns = vmm_->handler_busy_ns();
    row.lost_to_tracking_ns = lost(LostTo::kTracking);
    row.lost_to_eviction_ns = lost(LostTo::kEviction);
    row.lost_to_refetch_ns = lost(LostTo::kRefetch);
    row.resident_pages = host_->resident();
    row.wss_true_pages = truth_.WorkingSet(1);
    row.wss_true_2_pages = truth_.WorkingSet(2);
    row.wss_true_4_pages = truth_.WorkingSet(4);
    row.wss_true_8_pages = truth_.WorkingSet(8);
    row.wss_estimate_pages = estimate;
    log_.Close(end_ns, row, whole);
    interval_begin_ns_ = end_ns;
  }

  void FillMetrics(std::uint64_t end_ns);
  void FillVmmMetrics();

  const ReplayConfig& config_;
  Sizes sizes_;
  EventFeed feed_;
  Truth truth_;
  Ledger ledger_;
  HostReclaim reclaim_;
  Store store_;
  std::unique_ptr<LinuxHost> host_;
  std::unique_ptr<Host> wrapped_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Vmm> vmm_;
  std::unique_ptr<Guest> guest_;
  std::vector<Slot> slots_;  // by vCPU

  ReplayMetrics metrics_;
  IntervalLog log_;
  std::uint64_t interval_begin_ns_ = 0;
  std::optional<HeatMap> heat_map_;
  Histogram blocked_;
  std::array<std::uint64_t, 4> lost_ns_{};
  std::unique_ptr<ReplayChecker> checker_;  // with --check only
};

void Replay::FillVmmMetrics() {
  ReplayMetrics& m = metrics_;
  const EvictionCounts& evicted = vmm_->evictions();
  FillFrom(host_->counters(), &m);
  FillFrom(evicted, &m);
  FillFrom(store_.counters(), &m);
  FillFromRefaults(host_->refault_distances(), &m);
  m.false_cold_intervals = config_.false_cold_intervals;
  m.false_cold_rate = Millionths(m.false_cold_pages, m.evicted_pages);
  m.tracker_busy_ns = vmm_->tracker_busy_ns();
  m.handler_busy_ns = vmm_->handler_busy_ns();
  // Waiting for frames is part of a missing page's stall, but eviction's fault.
  std::uint64_t& refetch = lost_ns_[static_cast<std::size_t>(LostTo::kRefetch)];
  std::uint64_t& first = lost_ns_[static_cast<std::size_t>(LostTo::kFirstTouch)];
  const std::uint64_t from_refetch = std::min(evicted.direct_ns, refetch);
  const std::uint64_t from_first = std::min(evicted.direct_ns - from_refetch, first);
  refetch -= from_refetch;
  first -= from_first;
  lost_ns_[static_cast<std::size_t>(LostTo::kEviction)] += from_refetch + from_first;
}

void Replay::FillMetrics(std::uint64_t end_ns) {
  FillVmmMetrics();
  ReplayMetrics& m = metrics_;
  log_.Fill(&m);
  m.footprint_pages = truth_.footprint();
  m.limit_pages = sizes_.limit_pages;
  FillFromSleeps(blocked_, &m);
  m.virtual_ns = end_ns;
  for (const Slot& slot : slots_) m.trace_ns += slot.vcpu.trace_ns();
  m.lost_to_first_touch_ns = lost_ns_[static_cast<std::size_t>(LostTo::kFirstTouch)];
  m.lost_to_tracking_ns = lost_ns_[static_cast<std::size_t>(LostTo::kTracking)];
  m.lost_to_eviction_ns = lost_ns_[static_cast<std::size_t>(LostTo::kEviction)];
  m.lost_to_refetch_ns = lost_ns_[static_cast<std::size_t>(LostTo::kRefetch)];
  m.miss_rate = Millionths(m.faults_missing, m.accesses);
  m.refault_rate = Millionths(m.refetched_pages, m.accesses);
  m.tracking_cpu_rate = Millionths(m.tracker_busy_ns, m.virtual_ns);
  m.slowdown = Millionths(m.stall_ns_total, m.trace_ns + m.idle_ns);
  m.lost_updates = ledger_.lost_updates();
  if (checker_) m.violations = checker_->violations().count();
}

}  // namespace

absl::StatusOr<ReplayResult> RunReplay(const ReplayConfig& config, EventStream& stream,
                                       std::uint64_t footprint_pages, const HostWrapper& wrap) {
  const absl::StatusOr<Sizes> sizes = SizesOf(config, stream.header(), footprint_pages);
  if (!sizes.ok()) return sizes.status();
  Replay replay(config, *sizes, stream);
  absl::Status status = replay.Prepare(wrap);
  if (status.ok()) status = replay.Run();
  if (!status.ok()) return status;
  return replay.Finish();
}

}  // namespace uffdsim

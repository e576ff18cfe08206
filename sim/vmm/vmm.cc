#include "sim/vmm/vmm.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

Vmm::Vmm(Host& host, Policy& policy, IntervalListener& listener, const VmmSetting& setting)
    : host_(host),
      set_(setting),
      evictor_(host, policy,
               {.hold = setting.tracker->hold,
                .armed = setting.tracker->armed,
                .batch_pages = setting.evict_batch_pages,
                .batches = setting.evict_batches,
                .write_tries = setting.write_tries,
                .retry_pause_ns = setting.retry_pause_ns}) {
  if (setting.arming.row != nullptr) {
    arming_ = MakeArming(setting.arming, {.pages = host.guest_pages(),
                                          .interval_ns = setting.interval_ns,
                                          .seed = setting.seed,
                                          .parameters = {}});
  }
  TrackerSetting tracker;
  tracker.host = &host;
  tracker.policy = &policy;
  tracker.evictor = &evictor_;
  tracker.arming = arming_.get();
  tracker.listener = &listener;
  tracker.seed = setting.seed;
  tracker.limit_pages = setting.limit_pages;
  tracker.interval_ns = setting.interval_ns;
  tracker.arm_chunk_pages = setting.arm_chunk_pages;
  tracker.evict = setting.evict;
  tracker_ = setting.tracker->make(tracker);
}

std::uint64_t Vmm::NextNs() const {
  const std::uint64_t handler = due_.empty() ? kNeverNs : due_.back().ready_ns;
  return std::min(handler, tracker_->NextNs());
}

void Vmm::RunNext() {
  // Who waits comes first.
  if (!due_.empty() && due_.back().ready_ns <= tracker_->NextNs()) {
    RunDue();
    done_ns_ = handler_.now_ns();
    return;
  }
  background_.WaitUntil(tracker_->NextNs());
  tracker_->Run(background_);
  done_ns_ = background_.now_ns();
}

void Vmm::OnMessages(std::uint64_t now_ns) {
  if (handler_.now_ns() < now_ns) {
    handler_.WaitUntil(now_ns + (set_.handler_wake_ps + 500) / 1000);
  }
  while (const std::optional<FaultMessage> message = host_.ReadMessage(handler_)) {
    switch (message->kind) {
      case FaultKind::kMissing: OnMissing(message->page); break;
      case FaultKind::kRwp:
        due_.push_back({handler_.now_ns(), message->page, Due::Kind::kResolve, 0});
        break;
      case FaultKind::kMinor:
        due_.push_back({handler_.now_ns(), message->page, Due::Kind::kContinue, 0});
        break;
    }
  }
  std::stable_sort(due_.begin(), due_.end(),
                   [](const Due& a, const Due& b) { return a.ready_ns > b.ready_ns; });
  done_ns_ = handler_.now_ns();
}

bool Vmm::Coming(PageId page) const {
  return std::any_of(due_.begin(), due_.end(), [&](const Due& due) {
    return due.page == page && due.kind != Due::Kind::kResolve && due.kind != Due::Kind::kContinue;
  });
}

void Vmm::OnMissing(PageId page) {
  // Two vCPUs can wait for one page, and it may have been read ahead: one fetch serves all.
  if (Coming(page)) return;
  Request(page, Wanted::kNow);
  if (set_.read_ahead_pages > 0 && host_.Stored(page) != 0) ReadAhead(page);
}

void Vmm::ReadAhead(PageId page) {
  const PageId first = page - page % set_.read_ahead_pages;
  const PageId count = std::min(set_.read_ahead_pages, host_.guest_pages() - first);
  for (PageId near = first; near - first < count; ++near) {
    if (evictor_.resident() + incoming_ >= set_.limit_pages) return;
    if (evictor_.Resident(near) || host_.Stored(near) == 0 || Coming(near)) continue;
    Request(near, Wanted::kAhead);
  }
}

void Vmm::Request(PageId page, Wanted wanted) {
  ++incoming_;
  tracker_->MakeRoom(handler_, page, incoming_);
  Fetch(page, wanted);
}

void Vmm::Fetch(PageId page, Wanted wanted) {
  const DeviceReply reply = host_.Fetch(handler_, page, wanted);
  Due due{std::max(reply.completion_ns, handler_.now_ns()), page, Due::Kind::kCopy, reply.digest};
  if (!reply.stored) due.kind = Due::Kind::kZero;
  if (!reply.done) {
    due.kind = Due::Kind::kRetry;
    due.ready_ns += set_.retry_pause_ns;
  }
  due_.push_back(due);
}

void Vmm::RunDue() {
  const Due due = due_.back();
  due_.pop_back();
  handler_.WaitUntil(due.ready_ns);
  switch (due.kind) {
    case Due::Kind::kCopy:
    case Due::Kind::kZero: Populate(due); return;
    case Due::Kind::kResolve:
    case Due::Kind::kContinue: Resolve(due); return;
    case Due::Kind::kRetry:
      Fetch(due.page, Wanted::kNow);  // a page that was read ahead is counted already
      std::stable_sort(due_.begin(), due_.end(),
                       [](const Due& a, const Due& b) { return a.ready_ns > b.ready_ns; });
      return;
  }
}

void Vmm::Resolve(const Due& due) {
  // Touched after all: it stays. When it is already gone, this only wakes whoever still waits.
  evictor_.Revoke(due.page);
  // The policy may pick it again before the next arming.
  evictor_.OnResolved(due.page);
  tracker_->OnTouched(due.page);
  if (due.kind == Due::Kind::kResolve) {
    UFFDSIM_CHECK(host_.Rwprotect(handler_, {due.page, 1}, Protect::kResolve) == Errno::kOk);
    return;
  }
  const Errno error = host_.Continue(handler_, due.page);
  if (error == Errno::kOk) return;
  // Punched meanwhile, or mapped for another vCPU: let it try again.
  UFFDSIM_CHECK(error == Errno::kEFAULT || error == Errno::kEEXIST);
  UFFDSIM_CHECK(host_.Wake(handler_, {due.page, 1}) == Errno::kOk);
}

void Vmm::Populate(const Due& due) {
  --incoming_;
  const Errno error = due.kind == Due::Kind::kZero ? host_.Zeropage(handler_, due.page)
                                                   : host_.Copy(handler_, due.page, due.digest);
  UFFDSIM_CHECK(error == Errno::kOk);
  evictor_.OnPopulated(due.page);
  tracker_->OnPopulated(due.page);
}

}  // namespace uffdsim

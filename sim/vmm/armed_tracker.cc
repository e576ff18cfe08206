#include "sim/vmm/armed_tracker.h"

#include <algorithm>

namespace uffdsim {

void ArmedTracker::Run(VmmThread& by) {
  switch (phase_) {
    case Phase::kPlan:
      Plan();
      ArmNext(by);
      return;
    case Phase::kArm: ArmNext(by); return;
    case Phase::kLook: LookAround(by); return;
    case Phase::kEvict: Evict(by); return;
    case Phase::kEnd:
      EndEviction(by);
      evicting_ = Evicting::kNo;
      Enter(Phase::kPlan, by.now_ns());
      return;
  }
}

void ArmedTracker::Plan() {
  plan_.clear();
  plan_next_ = 0;
  plan_done_ = 0;
  report_.unarmed = unarmed_;
  set_.arming->Plan(report_, &plan_);
  report_ = {};
}

void ArmedTracker::ArmNext(VmmThread& by) {
  if (plan_next_ < plan_.size()) {
    const PageRange& range = plan_[plan_next_];
    const std::uint32_t count = std::min(set_.arm_chunk_pages, range.count - plan_done_);
    const std::uint64_t before_ns = by.busy_ns();
    Arm(by, {range.first + plan_done_, count});
    report_.arm_ns += by.busy_ns() - before_ns;
    report_.armed_pages += count;
    plan_done_ += count;
    if (plan_done_ == range.count) {
      ++plan_next_;
      plan_done_ = 0;
    }
  }
  if (plan_next_ < plan_.size()) {
    Enter(Phase::kArm, by.now_ns());
    return;
  }
  std::uint64_t end_ns = begin_ns_ + set_.interval_ns * set_.arming->Intervals();
  if (end_ns <= by.now_ns()) end_ns = by.now_ns() + set_.interval_ns;
  Enter(Phase::kLook, end_ns);
}

void ArmedTracker::LookAround(VmmThread& by) {
  begin_ns_ = by.now_ns();
  BeginEviction(by);
  evicting_ = Evicting::kYes;
  unarmed_.clear();
  const std::uint64_t before_ns = by.busy_ns();
  Look(by, &unarmed_);
  report_.look_ns = by.busy_ns() - before_ns;
  set_.listener->OnIntervalEnd(begin_ns_, IntervalView{set_.arming->Estimate(unarmed_), unarmed_});
  set_.evictor->ForgetUnarmed();
  set_.policy->OnInterval(unarmed_);
  set_.evictor->Want(PagesToEvict(set_.evictor->resident(), set_.limit_pages, faults_), set_.evict);
  faults_ = 0;
  Enter(Phase::kEvict, by.now_ns());
}

void ArmedTracker::Evict(VmmThread& by) {
  if (set_.evictor->Step(by, unarmed_) == Evictor::Progress::kMore) {
    next_ns_ = std::max(by.now_ns(), set_.evictor->NextNs());
    return;
  }
  Enter(Phase::kEnd, by.now_ns());
}

void ArmedTracker::MakeRoom(VmmThread& by, PageId, std::uint64_t incoming) {
  ++faults_;
  const std::uint64_t resident = set_.evictor->resident();
  if (resident + incoming <= set_.limit_pages) return;
  // One batch for this fault and some of those behind it.
  const std::uint64_t extra = set_.limit_pages / 256;
  const bool nested = evicting_ == Evicting::kYes;
  if (!nested) BeginEviction(by);
  set_.evictor->EvictNow(by, resident + incoming - set_.limit_pages + extra);
  if (!nested) EndEviction(by);
}

void ArmedTracker::OnPopulated(PageId page) {
  set_.policy->OnFault(page);
  NotArmed(page);
}

}  // namespace uffdsim

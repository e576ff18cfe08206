#include "sim/vmm/evictor.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

namespace {

// Tries to write a page out while a fault waits for its frame. In the background a failure only
// means that another page goes.
constexpr int kUrgentAttempts = 8;

}  // namespace

Evictor::Evictor(Host& host, Policy& policy, Hold hold, Armed armed, std::uint32_t batch_pages)
    : host_(host), policy_(policy), hold_(hold), armed_(armed), batch_pages_(batch_pages) {}

void Evictor::Want(std::uint64_t pages, Urgency urgency) {
  wanted_ = pages;
  urgency_ = urgency;
}

void Evictor::FillBatch(std::uint64_t pages, Urgency urgency) {
  picked_.clear();
  policy_.PickVictims(pages, urgency, &picked_);
  // Neighbours are punched with one call.
  std::sort(picked_.begin(), picked_.end());
  for (const PageId page : picked_) batch_.push_back({page, Victim::State::kClean});
}

bool Evictor::MaybeUnarmed(PageId page, std::span<const PageRange> unarmed) const {
  const auto after =
      std::upper_bound(unarmed.begin(), unarmed.end(), page,
                       [](PageId value, const PageRange& range) { return value < range.first; });
  if (after != unarmed.begin() && page - (after - 1)->first < (after - 1)->count) return true;
  return std::find(unarmed_.begin(), unarmed_.end(), page) != unarmed_.end();
}

void Evictor::HoldRange(VmmThread& by, PageRange range) {
  switch (hold_) {
    case Hold::kNothing: return;
    case Hold::kRwp: UFFDSIM_CHECK(host_.Rwprotect(by, range, Protect::kArm) == Errno::kOk); return;
    case Hold::kUnmap: UFFDSIM_CHECK(host_.Unmap(by, range) == Errno::kOk); return;
  }
}

template <class Wants>
void Evictor::HoldVictims(VmmThread& by, Wants&& wants) {
  PageRange run{};
  for (const Victim& victim : batch_) {
    if (!wants(victim.page)) continue;
    if (run.count != 0 && run.first + run.count == victim.page) {
      ++run.count;
      continue;
    }
    if (run.count != 0) HoldRange(by, run);
    run = {victim.page, 1};
  }
  if (run.count != 0) HoldRange(by, run);
}

Evictor::Progress Evictor::Step(VmmThread& by, std::span<const PageRange> unarmed) {
  if (!batch_.empty()) {
    by.WaitUntil(punch_at_ns_);
    PunchBatch(by);
    return wanted_ > 0 ? Progress::kMore : Progress::kDone;
  }
  const std::uint64_t pages = std::min<std::uint64_t>(wanted_, batch_pages_);
  FillBatch(pages, urgency_);
  if (batch_.empty()) {
    wanted_ = 0;
    return Progress::kDone;
  }
  wanted_ -= batch_.size() == pages ? pages : wanted_;
  HoldVictims(by, [&](PageId page) {
    return armed_ == Armed::kDoesNotHold || MaybeUnarmed(page, unarmed);
  });
  punch_at_ns_ = WriteBatch(by, 1);
  return Progress::kMore;
}

void Evictor::EvictNow(VmmThread& by, std::uint64_t pages) {
  const std::uint64_t begin_ns = by.now_ns();
  const std::uint64_t before = counts_.clean + counts_.dirty;
  // A batch of the background may be under way: it is finished first.
  while (pages > 0) {
    if (batch_.empty()) {
      const std::uint64_t count = std::min<std::uint64_t>(pages, batch_pages_);
      FillBatch(count, Urgency::kMust);
      if (batch_.empty()) break;
      pages -= std::min<std::uint64_t>(pages, batch_.size());
      HoldVictims(by, [](PageId) { return true; });
      punch_at_ns_ = WriteBatch(by, kUrgentAttempts);
    }
    by.WaitUntil(punch_at_ns_);
    PunchBatch(by);
  }
  counts_.direct += counts_.clean + counts_.dirty - before;
  counts_.direct_ns += by.now_ns() - begin_ns;
}

void Evictor::EvictPage(VmmThread& by, PageId page) {
  const std::uint64_t begin_ns = by.now_ns();
  const std::uint64_t before = counts_.clean + counts_.dirty;
  batch_.push_back({page, Victim::State::kClean});
  by.WaitUntil(WriteBatch(by, kUrgentAttempts));
  PunchBatch(by);
  counts_.direct += counts_.clean + counts_.dirty - before;
  counts_.direct_ns += by.now_ns() - begin_ns;
}

std::uint64_t Evictor::WriteBatch(VmmThread& by, int attempts) {
  std::uint64_t complete_ns = by.now_ns();
  for (Victim& victim : batch_) {
    const Digest digest = host_.HashPage(by, victim.page);
    if (digest == host_.Stored(victim.page)) continue;
    DeviceReply reply = host_.WriteOut(by, victim.page, digest);
    for (int tries = 1; !reply.done && tries < attempts; ++tries) {
      by.WaitUntil(reply.completion_ns);
      reply = host_.WriteOut(by, victim.page, digest);
    }
    complete_ns = std::max(complete_ns, reply.completion_ns);
    if (reply.done) {
      victim.state = Victim::State::kDirty;
      continue;
    }
    victim.state = Victim::State::kRevoked;
    ++counts_.refused;
    policy_.OnRefused(victim.page);
  }
  return std::max(complete_ns, by.now_ns());
}

void Evictor::PunchRun(VmmThread& by, std::size_t first, std::size_t last) {
  const PageRange range{batch_[first].page, static_cast<std::uint32_t>(last - first)};
  UFFDSIM_CHECK(host_.Punch(by, range) == Errno::kOk);
  // Punching wakes nobody: who waits for the protection would sleep for ever.
  UFFDSIM_CHECK(host_.Wake(by, range) == Errno::kOk);
  UFFDSIM_CHECK(resident_ >= range.count);
  resident_ -= range.count;
  for (std::size_t i = first; i < last; ++i) {
    if (batch_[i].state == Victim::State::kDirty) ++counts_.dirty;
    if (batch_[i].state == Victim::State::kClean) ++counts_.clean;
  }
}

void Evictor::PunchBatch(VmmThread& by) {
  for (std::size_t i = 0; i < batch_.size();) {
    if (batch_[i].state == Victim::State::kRevoked) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < batch_.size() && batch_[end].state != Victim::State::kRevoked &&
           batch_[end].page == batch_[end - 1].page + 1) {
      ++end;
    }
    PunchRun(by, i, end);
    i = end;
  }
  batch_.clear();
}

bool Evictor::Revoke(PageId page) {
  for (Victim& victim : batch_) {
    if (victim.page != page || victim.state == Victim::State::kRevoked) continue;
    victim.state = Victim::State::kRevoked;
    ++counts_.revoked;
    policy_.OnRefused(page);
    return true;
  }
  return false;
}

bool Evictor::Evicting(PageId page) const {
  return std::any_of(batch_.begin(), batch_.end(), [&](const Victim& victim) {
    return victim.page == page && victim.state != Victim::State::kRevoked;
  });
}

void Evictor::OnPopulated(PageId page) {
  ++resident_;
  OnResolved(page);
}

void Evictor::OnResolved(PageId page) {
  if (armed_ == Armed::kHolds) unarmed_.push_back(page);
}

}  // namespace uffdsim

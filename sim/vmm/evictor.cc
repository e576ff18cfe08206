#include "sim/vmm/evictor.h"

#include <algorithm>
#include <utility>

#include "model/base/check.h"

namespace uffdsim {

namespace {

// Tries to write a page out while a fault waits for its frame.
constexpr std::uint32_t kUrgentTries = 8;

}  // namespace

Evictor::Evictor(Host& host, Policy& policy, const EvictorSetting& setting)
    : host_(host), policy_(policy), set_(setting), pages_(host.guest_pages()) {}

void Evictor::Want(std::uint64_t pages, EvictWhat what) {
  wanted_ = pages;
  urgency_ = Urgency::kMust;
  then_cold_ = what == EvictWhat::kCold;
}

bool Evictor::MaybeUnarmed(PageId page, std::span<const PageRange> unarmed) const {
  const auto after =
      std::upper_bound(unarmed.begin(), unarmed.end(), page,
                       [](PageId value, const PageRange& range) { return value < range.first; });
  if (after != unarmed.begin() && page - (after - 1)->first < (after - 1)->count) return true;
  return std::find(unarmed_.begin(), unarmed_.end(), page) != unarmed_.end();
}

void Evictor::HoldRange(VmmThread& by, PageRange range) {
  switch (set_.hold) {
    case Hold::kNothing: return;
    case Hold::kRwp: UFFDSIM_CHECK(host_.Rwprotect(by, range, Protect::kArm) == Errno::kOk); return;
    case Hold::kDeactivate: UFFDSIM_CHECK(host_.Deactivate(by, range) == Errno::kOk); return;
    case Hold::kUnmap: UFFDSIM_CHECK(host_.Unmap(by, range) == Errno::kOk); return;
  }
}

template <class Holds>
void Evictor::HoldVictims(VmmThread& by, const Batch& batch, Holds&& holds) {
  PageRange run{};
  for (const Victim& victim : batch.victims) {
    if (!holds(victim.page)) continue;
    if (run.count != 0 && run.first + run.count == victim.page) {
      ++run.count;
      continue;
    }
    if (run.count != 0) HoldRange(by, run);
    run = {victim.page, 1};
  }
  if (run.count != 0) HoldRange(by, run);
}

template <class Holds>
std::uint64_t Evictor::Begin(VmmThread& by, std::uint64_t pages, Urgency urgency,
                             std::uint32_t tries, Holds&& holds) {
  picked_.clear();
  policy_.PickVictims(pages, urgency, &picked_);
  if (picked_.empty()) return 0;
  // Neighbours are punched with one call.
  std::sort(picked_.begin(), picked_.end());
  Batch batch;
  batch.tries_left = tries;
  for (const PageId page : picked_) {
    if (pages_.Has(page)) {
      batch.victims.push_back({page, Victim::State::kClean, 0});
    } else {
      policy_.OnRefused(page);  // the oracle's policy knows a page while it is on its way in
    }
  }
  HoldVictims(by, batch, holds);
  Launder(by, &batch);
  batches_.push_back(std::move(batch));
  return picked_.size();
}

void Evictor::Launder(VmmThread& by, Batch* batch) {
  --batch->tries_left;
  for (Victim& victim : batch->victims) {
    victim.digest = host_.HashPage(by, victim.page);
    if (victim.digest != host_.Stored(victim.page)) Write(by, batch, &victim);
  }
  batch->ready_ns = std::max(batch->ready_ns, by.now_ns());
}

void Evictor::Write(VmmThread& by, Batch* batch, Victim* victim) {
  const DeviceReply reply = host_.WriteOut(by, victim->page, victim->digest);
  victim->state = reply.done ? Victim::State::kDirty : Victim::State::kFailed;
  const std::uint64_t pause_ns = reply.done ? 0 : set_.retry_pause_ns;
  batch->ready_ns = std::max(batch->ready_ns, reply.completion_ns + pause_ns);
}

bool Evictor::TryAgain(VmmThread& by, Batch* batch) {
  const bool may = batch->tries_left > 0;
  bool tried = false;
  for (Victim& victim : batch->victims) {
    if (victim.state != Victim::State::kFailed) continue;
    if (may) {
      Write(by, batch, &victim);
      tried = true;
      continue;
    }
    victim.state = Victim::State::kRevoked;
    ++counts_.refused;
    policy_.OnRefused(victim.page);
  }
  if (tried) --batch->tries_left;
  return tried;
}

std::uint64_t Evictor::NextNs() const {
  if (wanted_ > 0 && batches_.size() < set_.batches) return 0;
  return batches_.empty() ? 0 : batches_.front().ready_ns;
}

Evictor::Progress Evictor::Step(VmmThread& by, std::span<const PageRange> unarmed) {
  if (wanted_ > 0 && batches_.size() < set_.batches) {
    const std::uint64_t pages = std::min<std::uint64_t>(wanted_, set_.batch_pages);
    const std::uint64_t picked = Begin(by, pages, urgency_, set_.write_tries, [&](PageId page) {
      return set_.armed == Armed::kDoesNotHold || MaybeUnarmed(page, unarmed);
    });
    wanted_ -= picked == pages ? pages : wanted_;
    while (set_.hold == Hold::kNothing && !batches_.empty()) Advance(by);
  } else if (!batches_.empty()) {
    Advance(by);
  }
  if (wanted_ > 0 || !batches_.empty()) return Progress::kMore;
  if (!then_cold_) return Progress::kDone;
  then_cold_ = false;
  wanted_ = resident_;
  urgency_ = Urgency::kIfCold;
  return Progress::kMore;
}

void Evictor::EvictNow(VmmThread& by, std::uint64_t pages) {
  const std::uint64_t begin_ns = by.now_ns();
  const std::uint64_t before = counts_.clean + counts_.dirty;
  // What the background has under way is finished first, and counts.
  while (pages > 0 && !batches_.empty()) pages -= std::min(pages, Advance(by));
  while (pages > 0) {
    const std::uint64_t count = std::min<std::uint64_t>(pages, set_.batch_pages);
    const std::uint64_t picked =
        Begin(by, count, Urgency::kMust, kUrgentTries, [](PageId) { return true; });
    if (picked == 0) break;
    pages -= std::min(pages, picked);
    while (!batches_.empty()) Advance(by);
  }
  counts_.direct += counts_.clean + counts_.dirty - before;
  counts_.direct_ns += by.now_ns() - begin_ns;
}

void Evictor::EvictPage(VmmThread& by, PageId page) {
  if (!Resident(page)) {  // on its way in
    policy_.OnRefused(page);
    EvictNow(by, 1);
    return;
  }
  const std::uint64_t begin_ns = by.now_ns();
  const std::uint64_t before = counts_.clean + counts_.dirty;
  Batch batch;
  batch.tries_left = kUrgentTries;
  batch.victims.push_back({page, Victim::State::kClean, 0});
  Launder(by, &batch);
  batches_.push_back(std::move(batch));
  while (!batches_.empty()) Advance(by);
  counts_.direct += counts_.clean + counts_.dirty - before;
  counts_.direct_ns += by.now_ns() - begin_ns;
}

std::uint64_t Evictor::Advance(VmmThread& by) {
  by.WaitUntil(batches_.front().ready_ns);
  if (TryAgain(by, &batches_.front())) return 0;
  const Batch batch = std::move(batches_.front());
  batches_.pop_front();
  return Punch(by, batch);
}

std::uint64_t Evictor::Punch(VmmThread& by, const Batch& batch) {
  const std::span<const Victim> all = batch.victims;
  std::uint64_t pages = 0;
  for (std::size_t i = 0; i < all.size();) {
    if (all[i].state == Victim::State::kRevoked) {
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    while (end < all.size() && all[end].state != Victim::State::kRevoked &&
           all[end].page == all[end - 1].page + 1) {
      ++end;
    }
    PunchRun(by, all.subspan(i, end - i));
    pages += end - i;
    i = end;
  }
  return pages;
}

void Evictor::PunchRun(VmmThread& by, std::span<const Victim> run) {
  const PageRange range{run.front().page, static_cast<std::uint32_t>(run.size())};
  UFFDSIM_CHECK(host_.Punch(by, range) == Errno::kOk);
  // Punching wakes nobody: who waits for the protection would sleep for ever.
  UFFDSIM_CHECK(host_.Wake(by, range) == Errno::kOk);
  UFFDSIM_CHECK(resident_ >= range.count);
  resident_ -= range.count;
  pages_.Remove(range);
  for (const Victim& victim : run) {
    if (victim.state == Victim::State::kDirty) ++counts_.dirty;
    if (victim.state == Victim::State::kClean) ++counts_.clean;
  }
}

Evictor::Victim* Evictor::Find(PageId page) {
  for (Batch& batch : batches_) {
    for (Victim& victim : batch.victims) {
      if (victim.page == page && victim.state != Victim::State::kRevoked) return &victim;
    }
  }
  return nullptr;
}

bool Evictor::Revoke(PageId page) {
  Victim* const victim = Find(page);
  if (victim == nullptr) return false;
  victim->state = Victim::State::kRevoked;
  ++counts_.revoked;
  policy_.OnRefused(page);
  return true;
}

void Evictor::OnPopulated(PageId page) {
  ++resident_;
  pages_.Add(page);
  OnResolved(page);
}

void Evictor::OnResolved(PageId page) {
  if (set_.armed == Armed::kHolds) unarmed_.push_back(page);
}

}  // namespace uffdsim

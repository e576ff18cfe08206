#include "sim/replay/event_feed.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace uffdsim {

EventFeed::EventFeed(EventStream& stream, unsigned coarsen)
    : stream_(stream),
      coarsen_(coarsen),
      pass_through_(stream.header().vcpus == 1 && coarsen == 0),
      waiting_(stream.header().vcpus),
      playing_(stream.header().vcpus) {}

void EventFeed::Keep(const Event& event, Kept* kept) const {
  kept->event = event;
  kept->event.name = {};
  kept->entries.clear();
  kept->deltas.assign(event.deltas.begin(), event.deltas.end());
  for (const std::uint32_t entry : event.entries) {
    const std::uint32_t page = EntryPage(entry) >> coarsen_;
    // Neighbours of a set fall into one larger page; an ordered stream keeps every access.
    const bool same = event.kind == EventKind::kEpoch && !kept->entries.empty() &&
                      EntryPage(kept->entries.back()) == page;
    if (same) {
      kept->entries.back() |= EntryBits(entry);
    } else {
      kept->entries.push_back(MakeEntry(page, EntryBits(entry)));
    }
  }
  kept->event.entries = kept->entries;
  kept->event.deltas = kept->deltas;
}

absl::StatusOr<bool> EventFeed::Pull() {
  absl::StatusOr<std::optional<Event>> next = stream_.Next();
  if (!next.ok()) return next.status();
  if (!next->has_value()) {
    at_end_ = true;
    return false;
  }
  const Event& event = **next;
  if (event.vcpu >= waiting_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("an event of vCPU ", event.vcpu, ": expected a vCPU below ", waiting_.size()));
  }
  if (event.kind == EventKind::kMark) return true;
  std::unique_ptr<Kept> kept;
  if (spare_.empty()) {
    kept = std::make_unique<Kept>();
  } else {
    kept = std::move(spare_.back());
    spare_.pop_back();
  }
  Keep(event, kept.get());
  waiting_[event.vcpu].push_back(std::move(kept));
  return true;
}

absl::StatusOr<const Event*> EventFeed::Next(std::uint32_t vcpu) {
  if (pass_through_) {
    do {
      absl::StatusOr<std::optional<Event>> next = stream_.Next();
      if (!next.ok()) return next.status();
      if (!next->has_value()) return nullptr;
      current_ = **next;
    } while (current_.kind == EventKind::kMark);
    return &current_;
  }
  if (playing_[vcpu]) spare_.push_back(std::move(playing_[vcpu]));
  while (waiting_[vcpu].empty()) {
    if (at_end_) return nullptr;
    const absl::StatusOr<bool> more = Pull();
    if (!more.ok()) return more.status();
  }
  playing_[vcpu] = std::move(waiting_[vcpu].front());
  waiting_[vcpu].pop_front();
  return &playing_[vcpu]->event;
}

}  // namespace uffdsim

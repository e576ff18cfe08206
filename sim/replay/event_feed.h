// The events of a trace, one vCPU at a time.
//
// Rules:   a trace holds its vCPUs' events interleaved; each vCPU of the replay takes the next of
// its
//          own. With one vCPU events pass through; with several, those of the others are kept until
//          they are asked for (a trace that keeps its vCPUs in step needs little).
// Owned by: the replay. An event lives until its vCPU takes the next one.
// Errors:  those of the stream; InvalidArgument for an event of a vCPU that the header denies.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/event.h"
#include "traces/header.h"
#include "traces/reader.h"

namespace uffdsim {

// Where events come from: a file, or a generator.
class EventStream {
 public:
  virtual ~EventStream() = default;
  virtual const TraceHeader& header() const = 0;
  virtual absl::StatusOr<std::optional<Event>> Next() = 0;
};

// A UFTRACE file.
class TraceStream final : public EventStream {
 public:
  explicit TraceStream(std::unique_ptr<TraceReader> reader) : reader_(std::move(reader)) {}
  const TraceHeader& header() const override { return reader_->header(); }
  absl::StatusOr<std::optional<Event>> Next() override { return reader_->Next(); }

 private:
  std::unique_ptr<TraceReader> reader_;
};

class EventFeed {
 public:
  // `coarsen`: pages of the trace that make one page of the machine, as a power of two.
  EventFeed(EventStream& stream, unsigned coarsen);

  // The next event of the vCPU, or null at its end. Marks are passed over.
  absl::StatusOr<const Event*> Next(std::uint32_t vcpu);

 private:
  struct Kept {
    Event event;
    std::vector<std::uint32_t> entries;
    std::vector<std::uint32_t> deltas;
  };
  absl::StatusOr<bool> Pull();  // false at the end
  void Keep(const Event& event, Kept* kept) const;

  EventStream& stream_;
  unsigned coarsen_;
  bool pass_through_;
  bool at_end_ = false;
  Event current_;                                           // when passing through
  std::vector<std::deque<std::unique_ptr<Kept>>> waiting_;  // by vCPU
  std::vector<std::unique_ptr<Kept>> playing_;              // by vCPU
  std::vector<std::unique_ptr<Kept>> spare_;
};

}  // namespace uffdsim

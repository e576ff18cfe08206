// Synthetic guests: streams of page touches with known properties.
//
// Rules:   integer arithmetic and the project's own random numbers only, so that a seed gives the
// same
//          stream everywhere. One workload is one file and one row of workload.def.
// Owned by: the caller. Errors: none.
// Units:   guest pages; one access takes `instructions_per_access` instructions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "traces/event.h"
#include "traces/header.h"

namespace uffdsim {

struct WorkloadSetting {
  std::uint32_t pages = 0;     // page numbers are below this; at least 1
  std::uint64_t accesses = 0;  // length of the stream
  std::uint64_t seed = 1;
  std::uint32_t write_permille = 250;  // of the accesses
  std::uint32_t instructions_per_access = 300;
};

// Page numbers, one after the other, without end.
class Workload {
 public:
  virtual ~Workload() = default;
  // Fills `pages`. `done` accesses of `total` came before, for workloads that change with time.
  virtual void Fill(std::span<std::uint32_t> pages, std::uint64_t done, std::uint64_t total) = 0;
};

struct WorkloadRow {
  std::string_view name;
  std::string_view sentence;
  std::unique_ptr<Workload> (*make)(const WorkloadSetting&);
};

std::span<const WorkloadRow> Workloads();
const WorkloadRow* FindWorkload(std::string_view name);  // null when unknown

// A workload as an ordered trace of one vCPU.
class WorkloadEvents {
 public:
  WorkloadEvents(const WorkloadRow& row, const WorkloadSetting& setting);

  const TraceHeader& header() const { return header_; }
  // Blocks of accesses; nothing after the last one. An event lives until the next call.
  std::optional<Event> Next();

 private:
  static constexpr std::size_t kBlock = 1 << 16;

  WorkloadSetting setting_;
  std::unique_ptr<Workload> workload_;
  TraceHeader header_;
  std::uint64_t done_ = 0;
  std::uint64_t random_;  // decides which accesses write
  std::vector<std::uint32_t> entries_;
  std::vector<std::uint32_t> deltas_;
};

#define WORKLOAD(Identifier, name, sentence) \
  std::unique_ptr<Workload> Make##Identifier##Workload(const WorkloadSetting& setting);
#include "workloads/workload.def"
#undef WORKLOAD

}  // namespace uffdsim

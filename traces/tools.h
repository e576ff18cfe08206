// What `uffdsim trace info|convert|head` does, for any format of the catalogue.
//
// Rules:  outputs appear by rename, or not at all. Formats are detected by content unless named.
// Errors: as the readers and importers report them.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/formats.h"
#include "traces/header.h"
#include "traces/reader.h"
#include "traces/writer.h"

namespace uffdsim {

struct TraceInfo {
  std::string path;
  std::string format;
  std::string digest;  // XXH3-128 of the file; empty for a pipe
  TraceHeader header;
  uint64_t file_bytes = 0;  // 0 for a pipe
  uint64_t epochs = 0;
  uint64_t access_blocks = 0;
  uint64_t entries = 0;
  uint64_t distinct_pages = 0;
  uint64_t written_pages = 0;  // distinct
  uint64_t entries_read = 0;
  uint64_t entries_written = 0;
  uint64_t entries_fetched = 0;
  uint64_t instructions = 0;  // all vCPUs together
  uint64_t idle_periods = 0;
  uint64_t idle_ns = 0;
  TraceReader::Volume volume;  // UFTRACE alone
  absl::Status damage;         // why recovery ended early
  struct Mark {
    uint16_t vcpu;
    uint64_t time;
    std::string name;
  };
  std::vector<Mark> marks;
};

absl::StatusOr<TraceInfo> ReadTraceInfo(const std::string& path,
                                        OnDamage on_damage = OnDamage::kFail);
std::string TraceInfoTable(const TraceInfo& info);
std::string TraceInfoJson(const TraceInfo& info);

struct ConvertOptions {
  std::string from;  // empty: by content
  std::string to;    // empty: "text" for names that end in .txt and for none else, else "uftrace"
  uint64_t skip_events = 0;
  std::optional<uint64_t> limit_events;
  uint64_t from_time = 0;              // instructions: events that end by then are left out
  std::optional<uint64_t> until_time;  // events that begin then or later are left out
  OnDamage on_damage = OnDamage::kFail;
  ImportOptions import;
  // Overwrites what the input says about itself, where not empty.
  std::string guest;
  std::string workload;
  std::string licence;
  std::string tool;
  TraceWriterOptions writer;
};

absl::Status ConvertTrace(const std::string& in, const std::string& out,
                          const ConvertOptions& options);

// The first `count` events in one line each.
absl::Status HeadTrace(const std::string& path, uint64_t count, std::ostream& out);

}  // namespace uffdsim

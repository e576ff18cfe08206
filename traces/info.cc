// Counts what is in a trace, and prints it for people and for programs.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "traces/tools.h"

namespace uffdsim {
namespace {

class Counter final : public EventSink {
 public:
  explicit Counter(TraceInfo* info) : info_(info) {}

  absl::Status Begin(const TraceHeader& header) override {
    info_->header = header;
    return absl::OkStatus();
  }

  absl::Status Add(const Event& event) override {
    switch (event.kind) {
      case EventKind::kEpoch:
        info_->epochs += 1;
        CountEntries(event);
        break;
      case EventKind::kAccesses:
        info_->access_blocks += 1;
        CountEntries(event);
        break;
      case EventKind::kMark:
        info_->marks.push_back({event.vcpu, event.begin, std::string(event.name)});
        break;
      case EventKind::kIdle:
        info_->idle_periods += 1;
        info_->idle_ns += event.idle_ns;
        break;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    for (const uint8_t bits : touched_) {
      info_->distinct_pages += bits != 0;
      info_->written_pages += (bits & kTouchWrite) != 0;
    }
    return absl::OkStatus();
  }

 private:
  void CountEntries(const Event& event) {
    info_->instructions += event.end - event.begin;
    info_->entries += event.entries.size();
    for (const uint32_t entry : event.entries) {
      const uint32_t page = EntryPage(entry);
      // Grows with the pages seen, not with the memory that a header claims.
      if (page >= touched_.size()) touched_.resize(std::max<size_t>(page + 1, page * 3 / 2));
      touched_[page] = static_cast<uint8_t>(touched_[page] | EntryBits(entry));
      info_->entries_read += (entry & kTouchRead) != 0;
      info_->entries_written += (entry & kTouchWrite) != 0;
      info_->entries_fetched += (entry & kTouchFetch) != 0;
    }
  }

  TraceInfo* info_;
  std::vector<uint8_t> touched_;  // bits of each page
};

double Ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
}

double Seconds(const TraceInfo& info) {
  return Ratio(info.instructions, info.header.instructions_per_second);
}

}  // namespace

absl::StatusOr<TraceInfo> ReadTraceInfo(const std::string& path, OnDamage on_damage) {
  TraceInfo info;
  info.path = path;
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  const std::optional<uint64_t> size = (*source)->Size();
  absl::StatusOr<Peeked> peeked = PeekThroughZstd(*std::move(source));
  if (!peeked.ok()) return peeked.status();
  const absl::StatusOr<const TraceFormat*> format = DetectTraceFormat(*peeked);
  if (!format.ok()) return format.status();
  info.format = (*format)->name;
  Counter counter(&info);
  if ((*format)->matches == IsUftrace) {
    absl::StatusOr<std::unique_ptr<TraceReader>> reader =
        TraceReader::Open(std::move(peeked->source), on_damage);
    if (!reader.ok()) return reader.status();
    if (absl::Status status = SendAll(**reader, counter); !status.ok()) return status;
    info.volume = (*reader)->volume();
    info.damage = (*reader)->damage();
  } else if (absl::Status status =
                 (*format)->import(std::move(peeked->source), ImportOptions{}, counter);
             !status.ok()) {
    return status;
  }
  if (absl::Status status = counter.Finish(); !status.ok()) return status;
  if (size.has_value()) {
    const absl::StatusOr<std::string> digest = DigestFile(path);
    if (!digest.ok()) return digest.status();
    info.file_bytes = *size;
    info.digest = *digest;
  }
  return info;
}

std::string TraceInfoTable(const TraceInfo& info) {
  const TraceHeader& header = info.header;
  std::string out;
  const auto row = [&out](const char* label, const std::string& text) {
    if (!text.empty()) absl::StrAppend(&out, absl::StrFormat("%-14s %s\n", label, text));
  };
  row("file", info.path);
  row("format", info.format);
  row("digest", info.digest);
  row("guest", header.guest);
  row("workload", header.workload);
  row("licence", header.licence);
  row("tool",
      absl::StrCat(header.tool, header.tool_version.empty() ? "" : " ", header.tool_version));
  row("memory", absl::StrFormat("%d pages of %d bytes, %d vCPUs", header.ram_pages,
                                uint64_t{1} << header.page_shift, header.vcpus));
  row("stream", absl::StrFormat("%s, filter %s", KindName(header.stream).data(),
                                KindName(header.filter).data()));
  if (header.filter == FilterKind::kEpochSets) {
    row("", absl::StrFormat("at most %d instructions and %d pages per epoch",
                            header.epoch_max_instructions, header.epoch_max_pages));
  }
  row("instructions", absl::StrFormat("%d (%.3f s at %d per second)", info.instructions,
                                      Seconds(info), header.instructions_per_second));
  row("epochs", info.epochs == 0 ? "" : absl::StrCat(info.epochs));
  row("blocks", info.access_blocks == 0 ? "" : absl::StrCat(info.access_blocks));
  row("entries", absl::StrFormat("%d: %d read, %d written, %d fetched", info.entries,
                                 info.entries_read, info.entries_written, info.entries_fetched));
  row("pages", absl::StrFormat("%d distinct, %d written", info.distinct_pages, info.written_pages));
  row("idle", absl::StrFormat("%d periods, %d ns", info.idle_periods, info.idle_ns));
  for (const TraceInfo::Mark& mark : info.marks) {
    row("mark", absl::StrFormat("%s on vCPU %d at %d", mark.name, mark.vcpu, mark.time));
  }
  if (info.volume.chunks != 0) {
    row("chunks",
        absl::StrFormat("%d, %d bytes from %d (%.2fx), %.2f bytes per entry", info.volume.chunks,
                        info.volume.stored_bytes, info.volume.raw_bytes,
                        Ratio(info.volume.raw_bytes, info.volume.stored_bytes),
                        Ratio(info.volume.stored_bytes, info.entries)));
  }
  if (info.file_bytes != 0) row("bytes", absl::StrCat(info.file_bytes));
  if (!info.damage.ok()) row("damage", std::string(info.damage.message()));
  return out;
}

std::string TraceInfoJson(const TraceInfo& info) {
  nlohmann::json marks = nlohmann::json::array();
  for (const TraceInfo::Mark& mark : info.marks) {
    marks.push_back({{"vcpu", mark.vcpu}, {"instructions", mark.time}, {"name", mark.name}});
  }
  const nlohmann::json json = {
      {"schema", "uffdsim-trace-info-1"},
      {"path", info.path},
      {"format", info.format},
      {"digest", info.digest},
      {"header", nlohmann::json::parse(HeaderToJson(info.header))},
      {"file_bytes", info.file_bytes},
      {"epochs", info.epochs},
      {"access_blocks", info.access_blocks},
      {"entries", info.entries},
      {"entries_read", info.entries_read},
      {"entries_written", info.entries_written},
      {"entries_fetched", info.entries_fetched},
      {"distinct_pages", info.distinct_pages},
      {"written_pages", info.written_pages},
      {"instructions", info.instructions},
      {"idle_periods", info.idle_periods},
      {"idle_ns", info.idle_ns},
      {"marks", marks},
      {"chunks", info.volume.chunks},
      {"chunk_stored_bytes", info.volume.stored_bytes},
      {"chunk_raw_bytes", info.volume.raw_bytes},
      {"damage", std::string(info.damage.message())},
  };
  return json.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace uffdsim

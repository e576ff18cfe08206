#include "traces/tools.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

// Passes on a part of a trace and ends the import when nothing more can come.
class Part final : public EventSink {
 public:
  Part(const ConvertOptions& options, EventSink* sink) : options_(options), sink_(sink) {}

  // An import that was ended by this sink is complete.
  bool complete() const { return complete_; }

  absl::Status Begin(const TraceHeader& header) override {
    TraceHeader changed = header;
    const std::pair<const std::string*, std::string*> texts[] = {
        {&options_.guest, &changed.guest},
        {&options_.workload, &changed.workload},
        {&options_.licence, &changed.licence},
        {&options_.tool, &changed.tool}};
    for (const auto& [from, to] : texts) {
      if (!from->empty()) *to = *from;
    }
    return sink_->Begin(changed);
  }

  absl::Status Add(const Event& event) override {
    if (passed_ >= options_.limit_events.value_or(UINT64_MAX)) {
      complete_ = true;
      return absl::CancelledError("the part of the trace is complete");
    }
    const uint64_t number = seen_++;
    if (number < options_.skip_events ||
        (options_.from_time != 0 && event.end <= options_.from_time) ||
        event.begin >= options_.until_time.value_or(UINT64_MAX)) {
      return absl::OkStatus();
    }
    passed_ += 1;
    return sink_->Add(event);
  }

  absl::Status Finish() override { return sink_->Finish(); }

 private:
  const ConvertOptions& options_;
  EventSink* sink_;
  uint64_t seen_ = 0;
  uint64_t passed_ = 0;
  bool complete_ = false;
};

// One line per event.
class HeadPrinter final : public EventSink {
 public:
  explicit HeadPrinter(std::ostream& out) : out_(out) {}

  absl::Status Begin(const TraceHeader& header) override {
    out_ << HeaderToJson(header) << "\n";
    return absl::OkStatus();
  }

  absl::Status Add(const Event& event) override {
    out_ << absl::StrFormat("%5d  vcpu %d  %14d  ", number_++, event.vcpu, event.begin);
    switch (event.kind) {
      case EventKind::kEpoch: PrintEntries("epoch", event); break;
      case EventKind::kAccesses: PrintEntries("accesses", event); break;
      case EventKind::kMark: out_ << "mark      " << event.name; break;
      case EventKind::kIdle: out_ << "idle      " << event.idle_ns << " ns"; break;
    }
    out_ << "\n";
    return absl::OkStatus();
  }

  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  void PrintEntries(const char* kind, const Event& event) {
    constexpr size_t kShown = 6;
    out_ << absl::StrFormat("%-8s  %d instructions, %d entries:", kind, event.end - event.begin,
                            event.entries.size());
    for (size_t i = 0; i < std::min(kShown, event.entries.size()); ++i) {
      const uint32_t bits = EntryBits(event.entries[i]);
      out_ << " " << EntryPage(event.entries[i]) << ":" << ((bits & kTouchRead) != 0 ? "r" : "")
           << ((bits & kTouchWrite) != 0 ? "w" : "") << ((bits & kTouchFetch) != 0 ? "x" : "");
    }
    if (event.entries.size() > kShown) out_ << " ...";
  }

  std::ostream& out_;
  uint64_t number_ = 0;
};

absl::Status Import(const std::string& in, const ConvertOptions& options, Part& part) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenFile(in);
  if (!source.ok()) return source.status();
  absl::StatusOr<Peeked> peeked = PeekThroughZstd(*std::move(source));
  if (!peeked.ok()) return peeked.status();
  const absl::StatusOr<const TraceFormat*> format =
      options.from.empty() ? DetectTraceFormat(*peeked) : FindTraceFormat(options.from);
  if (!format.ok()) return format.status();
  absl::Status status;
  if (options.on_damage == OnDamage::kRecover && (*format)->matches == IsUftrace) {
    absl::StatusOr<std::unique_ptr<TraceReader>> reader =
        TraceReader::Open(std::move(peeked->source), OnDamage::kRecover);
    if (!reader.ok()) return reader.status();
    status = SendAll(**reader, part);
  } else {
    status = (*format)->import(std::move(peeked->source), options.import, part);
  }
  return part.complete() ? absl::OkStatus() : status;
}

absl::StatusOr<const TraceFormat*> OutputFormat(const std::string& out,
                                                const ConvertOptions& options) {
  constexpr std::string_view kTextEnding = ".txt";
  const bool text =
      out.size() > kTextEnding.size() &&
      out.compare(out.size() - kTextEnding.size(), std::string::npos, kTextEnding) == 0;
  const std::string name = !options.to.empty() ? options.to : text ? "text" : "uftrace";
  absl::StatusOr<const TraceFormat*> format = FindTraceFormat(name);
  if (format.ok() && (*format)->make_exporter == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("trace format ", name, ": can be read, but not written"));
  }
  return format;
}

}  // namespace

absl::Status ConvertTrace(const std::string& in, const std::string& out,
                          const ConvertOptions& options) {
  const absl::StatusOr<const TraceFormat*> format = OutputFormat(out, options);
  if (!format.ok()) return format.status();
  absl::StatusOr<std::unique_ptr<ByteSink>> sink = CreateFile(out);
  if (!sink.ok()) return sink.status();
  const std::unique_ptr<EventSink> exporter =
      (*format)->make_exporter(*std::move(sink), options.writer);
  Part part(options, exporter.get());
  if (absl::Status status = Import(in, options, part); !status.ok()) return status;
  return part.Finish();
}

absl::Status HeadTrace(const std::string& path, uint64_t count, std::ostream& out) {
  ConvertOptions options;
  options.limit_events = count;
  HeadPrinter printer(out);
  Part part(options, &printer);
  return Import(path, options, part);
}

}  // namespace uffdsim

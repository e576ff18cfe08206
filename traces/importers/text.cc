// The text form: what a person or a script writes and a test reads.
//
//   uftext 1                              the first line
//   header {"ram_pages":64,...}           the second: as in UFTRACE files
//   VCPU TIME PAGE RWX                    an access; RWX is r or -, w or -, x or -
//   epoch VCPU BEGIN END                  the vCPU's access lines that follow are this epoch's set
//   mark VCPU TIME NAME...                a phase begins
//   idle VCPU NANOSECONDS                 the vCPU is halted
//   # ...                                 comment, as are empty lines
#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "absl/strings/str_cat.h"
#include "traces/formats.h"
#include "traces/header.h"
#include "traces/importers/buffered_input.h"

namespace uffdsim {
namespace {

constexpr std::string_view kFirstLine = "uftext 1";
constexpr std::string_view kHeaderWord = "header ";

std::string_view NextWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

bool ParseNumber(std::string_view word, uint64_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

// 0 for anything but three letters with at least one touch.
uint32_t ParseTouch(std::string_view word) {
  constexpr std::string_view kLetters = "rwx";
  uint32_t bits = 0;
  if (word.size() != kLetters.size()) return 0;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if (word[i] == kLetters[i]) {
      bits |= 1u << i;
    } else if (word[i] != '-') {
      return 0;
    }
  }
  return bits;
}

class TextImport {
 public:
  TextImport(std::unique_ptr<ByteSource> source, const ImportOptions& options, EventSink& sink)
      : in_(std::move(source)), options_(options), sink_(sink), batcher_(&sink) {}

  absl::Status Run() {
    if (absl::Status status = ReadHeader(); !status.ok()) return status;
    for (;;) {
      const absl::StatusOr<std::optional<std::string_view>> line = in_.Line();
      if (!line.ok()) return line.status();
      if (!line->has_value()) return FlushPending();
      if (absl::Status status = ReadLine(**line); !status.ok()) return status;
    }
  }

 private:
  absl::Status ReadHeader() {
    absl::StatusOr<std::optional<std::string_view>> line = in_.Line();
    if (!line.ok()) return line.status();
    if (line->value_or("") != kFirstLine) return in_.BadLine("expected \"uftext 1\"");
    line = in_.Line();
    if (!line.ok()) return line.status();
    const std::string_view text = line->value_or("");
    if (text.substr(0, kHeaderWord.size()) != kHeaderWord) {
      return in_.BadLine("expected header {\"ram_pages\":...}");
    }
    absl::StatusOr<TraceHeader> header = HeaderFromJson(text.substr(kHeaderWord.size()));
    if (!header.ok()) return in_.BadLine(std::string(header.status().message()));
    header_ = *std::move(header);
    if (options_.vcpus != 0) header_.vcpus = options_.vcpus;
    if (options_.ram_pages != 0) header_.ram_pages = options_.ram_pages;
    clocks_.assign(header_.vcpus, 0);
    return sink_.Begin(header_);
  }

  absl::Status ReadLine(std::string_view line) {
    std::string_view rest = line;
    const std::string_view first = NextWord(rest);
    if (first.empty() || first[0] == '#') return absl::OkStatus();
    const bool access = first != "epoch" && first != "mark" && first != "idle";
    std::array<uint64_t, 3> numbers{};
    const size_t count = access || first == "epoch" ? 3 : 2;
    for (size_t i = 0; i < count; ++i) {
      const std::string_view word = access && i == 0 ? first : NextWord(rest);
      if (!ParseNumber(word, numbers[i])) {
        return in_.BadLine(absl::StrCat("expected a number, found \"", std::string(word), "\""));
      }
    }
    if (numbers[0] >= header_.vcpus) {
      return in_.BadLine(
          absl::StrCat("expected a vCPU below ", header_.vcpus, ", found ", numbers[0]));
    }
    const auto vcpu = static_cast<uint16_t>(numbers[0]);
    absl::Status status = access ? ReadAccess(vcpu, numbers[1], numbers[2], rest)
                                 : ReadOther(first, vcpu, numbers[1], numbers[2], rest);
    if (!status.ok() && status.message().find(": line ") == std::string::npos) {
      status = in_.BadLine(std::string(status.message()));
    }
    return status;
  }

  absl::Status ReadAccess(uint16_t vcpu, uint64_t time, uint64_t page, std::string_view rest) {
    const uint32_t bits = ParseTouch(NextWord(rest));
    if (bits == 0) return in_.BadLine("expected r or -, w or -, x or -, as in r-x");
    if (page >= header_.ram_pages) {
      return in_.BadLine(absl::StrCat("expected a page below ", header_.ram_pages,
                                      " (the guest's memory), found page ", page));
    }
    const uint32_t entry = MakeEntry(static_cast<uint32_t>(page), bits);
    if (header_.stream == StreamKind::kAccesses) {
      clocks_[vcpu] = time;
      return batcher_.Add(vcpu, time, entry);
    }
    if (!epoch_open_ || vcpu != epoch_.vcpu || time < epoch_.begin || time > epoch_.end) {
      return in_.BadLine("expected an access of the epoch above, within its time");
    }
    entries_.push_back(entry);
    return absl::OkStatus();
  }

  absl::Status ReadOther(std::string_view word, uint16_t vcpu, uint64_t second, uint64_t third,
                         std::string_view rest) {
    if (absl::Status status = FlushPending(); !status.ok()) return status;
    Event event;
    event.vcpu = vcpu;
    event.begin = event.end = second;
    if (word == "epoch") {
      event.kind = EventKind::kEpoch;
      event.end = third;
      epoch_ = event;
      epoch_open_ = true;
      clocks_[vcpu] = third;
      return absl::OkStatus();
    }
    if (word == "mark") {
      event.kind = EventKind::kMark;
      rest.remove_prefix(std::min<size_t>(rest.size(), 1));
      event.name = rest;
    } else {
      event.kind = EventKind::kIdle;
      event.begin = event.end = clocks_[vcpu];
      event.idle_ns = second;
    }
    return sink_.Add(event);
  }

  absl::Status FlushPending() {
    if (epoch_open_) {
      epoch_open_ = false;
      std::sort(entries_.begin(), entries_.end());
      epoch_.entries = entries_;
      absl::Status status = sink_.Add(epoch_);
      entries_.clear();
      return status;
    }
    return batcher_.Flush();
  }

  BufferedInput in_;
  const ImportOptions& options_;
  EventSink& sink_;
  AccessBatcher batcher_;
  TraceHeader header_;
  std::vector<uint64_t> clocks_;
  Event epoch_;
  bool epoch_open_ = false;
  std::vector<uint32_t> entries_;
};

class TextExport final : public EventSink {
 public:
  explicit TextExport(std::unique_ptr<ByteSink> out) : out_(std::move(out)) {}

  absl::Status Begin(const TraceHeader& header) override {
    return out_->Append(absl::StrCat(std::string(kFirstLine), "\n", std::string(kHeaderWord),
                                     HeaderToJson(header), "\n"));
  }

  absl::Status Add(const Event& event) override {
    text_.clear();
    switch (event.kind) {
      case EventKind::kEpoch:
        absl::StrAppend(&text_, "epoch ", event.vcpu, " ", event.begin, " ", event.end, "\n");
        AppendEntries(event);
        break;
      case EventKind::kAccesses: AppendEntries(event); break;
      case EventKind::kMark:
        absl::StrAppend(&text_, "mark ", event.vcpu, " ", event.begin, " ", std::string(event.name),
                        "\n");
        break;
      case EventKind::kIdle:
        absl::StrAppend(&text_, "idle ", event.vcpu, " ", event.idle_ns, "\n");
        break;
    }
    return out_->Append(text_);
  }

  absl::Status Finish() override { return out_->Finish(); }

 private:
  void AppendEntries(const Event& event) {
    uint64_t time = event.begin;
    for (size_t i = 0; i < event.entries.size(); ++i) {
      if (!event.deltas.empty()) time += event.deltas[i];
      const uint32_t bits = EntryBits(event.entries[i]);
      const char touch[] = {(bits & kTouchRead) != 0 ? 'r' : '-',
                            (bits & kTouchWrite) != 0 ? 'w' : '-',
                            (bits & kTouchFetch) != 0 ? 'x' : '-', '\n', '\0'};
      absl::StrAppend(&text_, event.vcpu, " ", time, " ", EntryPage(event.entries[i]), " ", touch);
    }
  }

  std::unique_ptr<ByteSink> out_;
  std::string text_;
};

}  // namespace

bool IsText(std::span<const uint8_t> head) {
  return head.size() >= kFirstLine.size() &&
         std::equal(kFirstLine.begin(), kFirstLine.end(), head.begin());
}

absl::Status ImportText(std::unique_ptr<ByteSource> source, const ImportOptions& options,
                        EventSink& sink) {
  return TextImport(std::move(source), options, sink).Run();
}

std::unique_ptr<EventSink> ExportText(std::unique_ptr<ByteSink> out, const TraceWriterOptions&) {
  return std::make_unique<TextExport>(std::move(out));
}

}  // namespace uffdsim

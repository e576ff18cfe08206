// Raw captures of the QEMU plug-in, "GPTRACE1": a text header, then varint records.
//
//   file   := "GPTRACE1", u32le header_length, header (lines "key=value\n"), record* until END
//   record := 0                       END
//           | 1 cpu dt n entry{n}     EPOCH: cpu ran dt instructions and touched n distinct pages
//           | 2 cpu off id            MARK: off instructions after the last epoch of that cpu
//           | 3 cpu us                IDLE: halted for us microseconds
//   entry  := (gap << 3) | bits       gap = page - (previous page + 1); the first: the page itself
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "traces/formats.h"
#include "traces/header.h"
#include "traces/importers/buffered_input.h"

namespace uffdsim {
namespace {

constexpr std::string_view kMagic = "GPTRACE1";
constexpr uint32_t kMaxHeaderBytes = 64 << 10;
constexpr uint64_t kNsPerUs = 1000;

enum Record : uint8_t { kEnd, kEpoch, kMark, kIdle };

class GptraceImport {
 public:
  GptraceImport(std::unique_ptr<ByteSource> source, const ImportOptions& options, EventSink& sink)
      : in_(std::move(source)), options_(options), sink_(sink) {}

  absl::Status Run() {
    if (absl::Status status = ReadHeader(); !status.ok()) return status;
    for (;;) {
      record_at_ = in_.offset();
      const absl::StatusOr<uint64_t> kind = in_.Varint();
      if (!kind.ok()) return kind.status();
      if (*kind == kEnd) return absl::OkStatus();
      if (absl::Status status = ReadRecord(*kind); !status.ok()) return status;
    }
  }

 private:
  absl::Status Bad(const std::string& what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(in_.name(), ": offset ", record_at_, ": ", what));
  }

  absl::Status ReadHeader() {
    absl::StatusOr<std::string> fixed = in_.Bytes(kMagic.size() + sizeof(uint32_t));
    if (!fixed.ok()) return fixed.status();
    const auto length =
        uft::Load<uint32_t>(reinterpret_cast<const uint8_t*>(fixed->data()) + kMagic.size());
    if (fixed->compare(0, kMagic.size(), kMagic) != 0) return Bad("expected \"GPTRACE1\"");
    if (length > kMaxHeaderBytes) {
      return Bad(
          absl::StrCat("expected a header of at most ", kMaxHeaderBytes, " bytes, found ", length));
    }
    const absl::StatusOr<std::string> text = in_.Bytes(length);
    if (!text.ok()) return text.status();
    absl::Status status = ParseHeader(*text);
    if (!status.ok()) return status;
    clocks_.assign(header_.vcpus, 0);
    return sink_.Begin(header_);
  }

  absl::Status ParseHeader(const std::string& text) {
    std::map<std::string, std::string> keys;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const size_t equals = text.find('=', at);
      if (end == at) {  // an empty line
        at = end + 1;
        continue;
      }
      if (equals == std::string::npos || equals > end) return Bad("expected lines key=value");
      keys[text.substr(at, equals - at)] = text.substr(equals + 1, end - equals - 1);
      at = end + 1;
    }
    uint64_t ram_bytes = 0;
    uint64_t vcpus = 1;
    uint64_t page_shift = header_.page_shift;
    const std::pair<const char*, uint64_t*> numbers[] = {
        {"page_shift", &page_shift},
        {"ram_bytes", &ram_bytes},
        {"vcpus", &vcpus},
        {"epoch_max_insns", &header_.epoch_max_instructions},
        {"epoch_max_pages", &header_.epoch_max_pages}};
    for (const auto& [key, value] : numbers) {
      const auto it = keys.find(key);
      if (it != keys.end() && !absl::SimpleAtoi(it->second, value)) {
        return Bad(absl::StrCat("header key ", key, ": expected a number, found ", it->second));
      }
    }
    if (keys.count("time_unit") != 0 && keys["time_unit"] != "insn") {
      return Bad(absl::StrCat("expected time_unit=insn, found ", keys["time_unit"]));
    }
    if (page_shift < kMinPageShift || page_shift > kMaxPageShift || vcpus > kMaxVcpus) {
      return Bad("expected page_shift from 10 to 30 and at most 1024 vcpus");
    }
    header_.stream = StreamKind::kEpochs;
    header_.filter = FilterKind::kEpochSets;
    header_.page_shift = static_cast<uint32_t>(page_shift);
    header_.vcpus = options_.vcpus != 0 ? options_.vcpus : static_cast<uint32_t>(vcpus);
    header_.ram_pages = options_.ram_pages != 0 ? options_.ram_pages : ram_bytes >> page_shift;
    header_.guest = keys["guest"];
    header_.workload = keys["workload"];
    header_.tool = keys["tool"];
    header_.tool_version = "GPTRACE1";
    absl::Status status = ValidateHeader(header_);
    return status.ok() ? status : Bad(std::string(status.message()));
  }

  absl::Status ReadRecord(uint64_t kind) {
    if (kind > kIdle) return Bad(absl::StrCat("expected a record 0 to 3, found ", kind));
    uint64_t fields[3] = {};  // cpu, then what the record kind says
    const size_t count = kind == kIdle ? 2 : 3;
    for (size_t i = 0; i < count; ++i) {
      const absl::StatusOr<uint64_t> field = in_.Varint();
      if (!field.ok()) return field.status();
      fields[i] = *field;
    }
    if (fields[0] >= header_.vcpus) {
      return Bad(absl::StrCat("expected a vCPU below ", header_.vcpus, ", found ", fields[0],
                              " (the option vcpus says how many there are)"));
    }
    Event event;
    event.vcpu = static_cast<uint16_t>(fields[0]);
    uint64_t& clock = clocks_[event.vcpu];
    event.begin = event.end = clock;
    if (kind == kIdle) {
      event.kind = EventKind::kIdle;
      event.idle_ns = fields[1] * kNsPerUs;
      return sink_.Add(event);
    }
    event.end += fields[1];
    if (event.end < clock) return Bad("the vCPU's clock overflows");
    if (kind == kMark) {
      const std::string name = absl::StrCat("mark-", fields[2]);
      event.kind = EventKind::kMark;
      event.begin = event.end;
      event.name = name;
      return sink_.Add(event);
    }
    if (absl::Status status = ReadEntries(fields[2]); !status.ok()) return status;
    event.kind = EventKind::kEpoch;
    event.entries = entries_;
    clock = event.end;
    return sink_.Add(event);
  }

  absl::Status ReadEntries(uint64_t count) {
    entries_.clear();
    uint64_t next = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const absl::StatusOr<uint64_t> packed = in_.Varint();
      if (!packed.ok()) return packed.status();
      const uint64_t gap = *packed >> kEntryPageShift;
      if (gap >= header_.ram_pages || next + gap >= header_.ram_pages) {
        return Bad(absl::StrCat("expected a page below ", header_.ram_pages,
                                " (the guest's memory), found page ", next + gap));
      }
      next += gap;
      entries_.push_back(MakeEntry(static_cast<uint32_t>(next), *packed & kTouchMask));
      next += 1;
    }
    return absl::OkStatus();
  }

  BufferedInput in_;
  const ImportOptions& options_;
  EventSink& sink_;
  TraceHeader header_;
  std::vector<uint64_t> clocks_;
  std::vector<uint32_t> entries_;
  uint64_t record_at_ = 0;
};

}  // namespace

bool IsGptrace(std::span<const uint8_t> head) {
  return head.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), head.begin());
}

absl::Status ImportGptrace(std::unique_ptr<ByteSource> source, const ImportOptions& options,
                           EventSink& sink) {
  return GptraceImport(std::move(source), options, sink).Run();
}

}  // namespace uffdsim

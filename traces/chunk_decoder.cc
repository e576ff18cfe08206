#include "traces/chunk_decoder.h"

#include <zstd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "traces/bitpack.h"

namespace uffdsim::uft {
namespace {

constexpr const char* kColumnNames[kColumns] = {"events", "entries", "second", "heads", "tails"};

}  // namespace

ChunkDecoder::ChunkDecoder(const TraceHeader& trace, std::string file_name)
    : trace_(trace),
      file_name_(std::move(file_name)),
      clocks_(trace.vcpus),
      zstd_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
  if (trace.stream == StreamKind::kAccesses) {
    entries_.resize(kMaxBlockAccesses);
    deltas_.resize(kMaxBlockAccesses);
  }
}

ChunkDecoder::~ChunkDecoder() = default;

absl::Status ChunkDecoder::Bad(const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(file_name_, ": chunk at offset ", offset_,
                                                 ", event ", event_index_, ": ", what));
}

absl::Status ChunkDecoder::PageOutside(uint64_t page) const {
  return Bad(absl::StrCat("expected a page below ", trace_.ram_pages,
                          " (the guest's memory), found page ", page));
}

absl::Status ChunkDecoder::Begin(const ChunkHeader& header, std::span<const uint8_t> stored,
                                 uint64_t offset) {
  offset_ = offset;
  event_index_ = 0;
  events_left_ = header.events;
  for (size_t i = 0; i < kColumns; ++i) {
    const std::span<const uint8_t> bytes = stored.first(header.stored_bytes[i]);
    stored = stored.subspan(bytes.size());
    columns_[i] = {bytes.data(), bytes.size()};
    if (header.stored_bytes[i] == header.raw_bytes[i]) continue;
    if (raw_[i].size() < header.raw_bytes[i]) raw_[i].resize(header.raw_bytes[i]);
    const size_t n = ZSTD_decompressDCtx(zstd_.get(), raw_[i].data(), header.raw_bytes[i],
                                         bytes.data(), bytes.size());
    if (ZSTD_isError(n) || n != header.raw_bytes[i]) {
      return absl::DataLossError(
          absl::StrCat(file_name_, ": chunk at offset ", offset_, ": column ", kColumnNames[i],
                       ": expected ", header.raw_bytes[i], " bytes in a zstd frame, found ",
                       ZSTD_isError(n) ? ZSTD_getErrorName(n) : absl::StrCat(n).c_str()));
    }
    columns_[i] = {raw_[i].data(), n};
  }
  for (uint64_t& clock : clocks_) {
    if (!Varint(clock)) return Bad("expected the clocks of all vCPUs, found the end of the column");
  }
  return trace_.stream == StreamKind::kEpochs ? CheckEpochEntries() : absl::OkStatus();
}

// One vectorised pass that spares the decoding loop the question: no entry without a touch bit.
absl::Status ChunkDecoder::CheckEpochEntries() const {
  const Cursor& column = columns_[kEntries];
  uint32_t untouched = 0;
  for (size_t i = 0; i + sizeof(uint16_t) <= column.left; i += sizeof(uint16_t)) {
    untouched |= static_cast<uint32_t>((Load<uint16_t>(column.at + i) & kTouchMask) == 0);
  }
  if (untouched != 0) return Bad("expected touch bits 1 to 7 in every entry, found 0");
  return absl::OkStatus();
}

bool ChunkDecoder::Varint(uint64_t& value) {
  Cursor& column = columns_[kEvents];
  value = 0;
  for (uint32_t shift = 0; shift < 64 && column.left > 0; shift += 7) {
    const uint8_t byte = *column.Take(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return shift < 63 || byte <= 1;
  }
  return false;
}

absl::StatusOr<bool> ChunkDecoder::Next(Event& event) {
  if (events_left_ == 0) {
    for (size_t i = 0; i < kColumns; ++i) {
      if (columns_[i].left != 0) {
        return Bad(absl::StrCat("expected no more bytes in column ", kColumnNames[i], ", found ",
                                columns_[i].left));
      }
    }
    return false;
  }
  uint64_t tag = 0;
  uint64_t vcpu = 0;
  if (!Varint(tag) || !Varint(vcpu)) return Bad("expected an event, found the end of the column");
  if (vcpu >= trace_.vcpus) {
    return Bad(absl::StrCat("expected a vCPU below ", trace_.vcpus, ", found ", vcpu));
  }
  event = Event{};
  event.vcpu = static_cast<uint16_t>(vcpu);
  absl::StatusOr<bool> decoded = NextTagged(tag, event);
  events_left_ -= 1;
  event_index_ += 1;
  return decoded;
}

absl::StatusOr<bool> ChunkDecoder::NextTagged(uint64_t tag, Event& event) {
  absl::Status status;
  if (tag == kTagEpoch && trace_.stream == StreamKind::kEpochs) {
    status = DecodeEpoch(event);
  } else if (tag == kTagAccesses && trace_.stream == StreamKind::kAccesses) {
    status = DecodeAccesses(event);
  } else if (tag == kTagMark) {
    status = DecodeMark(event);
  } else if (tag == kTagIdle) {
    status = DecodeIdle(event);
  } else {
    status = Bad(absl::StrCat("expected an event of a stream of ",
                              std::string(KindName(trace_.stream)), ", found tag ", tag));
  }
  if (!status.ok()) return status;
  return true;
}

absl::Status ChunkDecoder::DecodeEpoch(Event& event) {
  uint64_t advance = 0;
  uint64_t duration = 0;
  uint64_t count = 0;
  if (!Varint(advance) || !Varint(duration) || !Varint(count)) {
    return Bad("expected begin, duration and number of pages, found the end of the column");
  }
  Cursor& column = columns_[kEntries];
  if (count > column.left / sizeof(uint16_t)) {
    return Bad(absl::StrCat("expected ", count, " entries, found ", column.left / 2));
  }
  if (entries_.size() < count) entries_.resize(count);
  const uint8_t* in = column.Take(count * sizeof(uint16_t));
  uint32_t* const out = entries_.data();
  // The sum is kept shifted, at the page after the last: adding the gap to it gives the entry.
  uint64_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    uint64_t gap = Load<uint16_t>(in + i * sizeof(uint16_t));
    if (gap >= kEscapeGap << kEntryPageShift) [[unlikely]] {
      Cursor& wide = columns_[kSecond];
      if (!wide.Has(sizeof(uint32_t))) return Bad("expected a wide gap, found none");
      gap = uint64_t{Load<uint32_t>(wide.Take(sizeof(uint32_t)))} << kEntryPageShift |
            (gap & kTouchMask);
    }
    out[i] = static_cast<uint32_t>(next + gap);
    next += (gap & ~uint64_t{kTouchMask}) + (1 << kEntryPageShift);
  }
  if (next >> kEntryPageShift > trace_.ram_pages) {
    return PageOutside((next >> kEntryPageShift) - 1);
  }
  uint64_t& clock = clocks_[event.vcpu];
  event.kind = EventKind::kEpoch;
  event.begin = clock + advance;
  event.end = event.begin + duration;
  if (event.begin < clock || event.end < event.begin) return Bad("the vCPU's clock overflows");
  event.entries = {out, static_cast<size_t>(count)};
  clock = event.end;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::DecodeMark(Event& event) {
  uint64_t advance = 0;
  uint64_t length = 0;
  if (!Varint(advance) || !Varint(length) || length > kMaxNameBytes ||
      !columns_[kEvents].Has(length)) {
    return Bad("expected time, length and name of a mark, found the end of the column");
  }
  event.kind = EventKind::kMark;
  event.begin = event.end = clocks_[event.vcpu] + advance;
  if (event.begin < advance) return Bad("the vCPU's clock overflows");
  const uint8_t* name = columns_[kEvents].Take(length);
  event.name = {reinterpret_cast<const char*>(name), static_cast<size_t>(length)};
  if (!IsPrintable(event.name)) return Bad("expected a name without control characters");
  return absl::OkStatus();
}

absl::Status ChunkDecoder::DecodeIdle(Event& event) {
  if (!Varint(event.idle_ns)) return Bad("expected an idle period, found the end of the column");
  event.kind = EventKind::kIdle;
  event.begin = event.end = clocks_[event.vcpu];
  return absl::OkStatus();
}

absl::Status ChunkDecoder::DecodeAccesses(Event& event) {
  uint64_t advance = 0;
  uint64_t count = 0;
  if (!Varint(advance) || !Varint(count)) {
    return Bad("expected begin and number of accesses, found the end of the column");
  }
  if (count > kMaxBlockAccesses) {
    return Bad(absl::StrCat("expected at most ", kMaxBlockAccesses, " accesses, found ", count));
  }
  if (absl::Status status = UnpackGroups(count); !status.ok()) return status;
  event.entries = {entries_.data(), static_cast<size_t>(count)};
  event.deltas = {deltas_.data(), static_cast<size_t>(count)};
  if (absl::Status status = CheckAccesses(event.entries); !status.ok()) return status;
  uint64_t duration = 0;
  for (const uint32_t delta : event.deltas) duration += delta;
  uint64_t& clock = clocks_[event.vcpu];
  event.kind = EventKind::kAccesses;
  event.begin = clock + advance;
  event.end = event.begin + duration;
  if (event.begin < clock || event.end < event.begin) return Bad("the vCPU's clock overflows");
  clock = event.end;
  return absl::OkStatus();
}

absl::Status ChunkDecoder::UnpackGroups(size_t count) {
  Cursor& heads = columns_[kHeads];
  size_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    if (!heads.Has(sizeof(GroupHead))) return Bad("expected the head of a group, found none");
    const auto head = Load<GroupHead>(heads.Take(sizeof(GroupHead)));
    if (head.entry_bits > 32 || head.delta_bits > 32 ||
        !columns_[kEntries].Has(PackedBytes(head.entry_bits)) ||
        !columns_[kSecond].Has(PackedBytes(head.delta_bits))) {
      return Bad(absl::StrCat("a group of ", head.entry_bits, " and ", head.delta_bits,
                              " bits does not fit into its columns"));
    }
    Unpack128(columns_[kEntries].Take(PackedBytes(head.entry_bits)), head.entry_bits, head.base,
              entries_.data() + i);
    Unpack128(columns_[kSecond].Take(PackedBytes(head.delta_bits)), head.delta_bits, 0,
              deltas_.data() + i);
  }
  Cursor& tails = columns_[kTails];
  if (!tails.Has((count - i) * 8)) return Bad("expected single accesses, found too few");
  for (; i < count; ++i) {
    const uint8_t* tail = tails.Take(8);
    entries_[i] = Load<uint32_t>(tail);
    deltas_[i] = Load<uint32_t>(tail + 4);
  }
  return absl::OkStatus();
}

absl::Status ChunkDecoder::CheckAccesses(std::span<const uint32_t> entries) const {
  // All entries in one vectorised pass; which one it was is asked only when there is one.
  const uint32_t last = MakeEntry(static_cast<uint32_t>(trace_.ram_pages - 1), kTouchMask);
  uint32_t bad = 0;
  for (const uint32_t entry : entries) {
    bad |= static_cast<uint32_t>(entry > last) | static_cast<uint32_t>((entry & kTouchMask) == 0);
  }
  if (bad == 0) return absl::OkStatus();
  for (const uint32_t entry : entries) {
    if (entry > last) return PageOutside(EntryPage(entry));
  }
  return Bad("expected touch bits 1 to 7 in every entry, found 0");
}

}  // namespace uffdsim::uft

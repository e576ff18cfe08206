#include "traces/reader.h"

#include <xxhash.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "traces/chunk_decoder.h"

namespace uffdsim {
namespace {

template <typename T>
std::span<uint8_t> BytesOf(T& value) {
  return {reinterpret_cast<uint8_t*>(&value), sizeof(value)};
}

// The checksum stands right behind the bytes that it covers.
bool ChecksumMatches(std::span<const uint8_t> with_checksum) {
  const size_t n = with_checksum.size() - uft::kChecksumBytes;
  return uft::Load<uint64_t>(with_checksum.data() + n) == XXH3_64bits(with_checksum.data(), n);
}

}  // namespace

TraceReader::TraceReader(std::unique_ptr<ByteSource> source, OnDamage on_damage)
    : source_(std::move(source)), on_damage_(on_damage) {}

TraceReader::~TraceReader() = default;

absl::StatusOr<std::unique_ptr<TraceReader>> TraceReader::Open(const std::string& path,
                                                               OnDamage on_damage) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  return Open(*std::move(source), on_damage);
}

absl::StatusOr<std::unique_ptr<TraceReader>> TraceReader::Open(std::unique_ptr<ByteSource> source,
                                                               OnDamage on_damage) {
  std::unique_ptr<TraceReader> reader(new TraceReader(std::move(source), on_damage));
  if (absl::Status status = reader->ReadHeader(); !status.ok()) return status;
  return reader;
}

absl::Status TraceReader::Damaged(uint64_t offset, const std::string& what) const {
  return absl::DataLossError(absl::StrCat(source_->name(), ": offset ", offset, ": ", what));
}

absl::Status TraceReader::Fill(std::span<uint8_t> out, const char* expected) {
  const absl::StatusOr<size_t> n = source_->Read(out);
  if (!n.ok()) return n.status();
  offset_ += *n;
  if (*n == out.size()) return absl::OkStatus();
  return Damaged(offset_, absl::StrCat("expected ", out.size() - *n, " more bytes of ", expected,
                                       ", found the end of the file (truncated)"));
}

absl::Status TraceReader::ReadHeader() {
  const auto wrong = [this](uint64_t at, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(source_->name(), ": offset ", at, ": ", what));
  };
  std::vector<uint8_t> bytes(uft::kHeaderFixedBytes);
  const absl::StatusOr<size_t> n = source_->Read(bytes);
  if (!n.ok()) return n.status();
  offset_ = *n;
  if (*n == 0) return wrong(0, "expected a UFTRACE file, found an empty one");
  const size_t compared = std::min(*n, uft::kMagic.size());
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(compared),
                  uft::kMagic.begin())) {
    return wrong(0,
                 "expected \"UFTRACE\" and a newline: this is not a UFTRACE file (uffdsim trace"
                 " convert makes one of other traces)");
  }
  if (*n < bytes.size()) {
    return Damaged(*n,
                   "expected the rest of the file header, found the end of the file"
                   " (truncated)");
  }
  const auto version = uft::Load<uint32_t>(bytes.data() + 8);
  if (version != uft::kVersion) {
    return wrong(8, absl::StrCat("expected format version ", uft::kVersion, ", found ", version));
  }
  const auto length = uft::Load<uint32_t>(bytes.data() + 12);
  if (length > uft::kMaxHeaderJsonBytes) {
    return wrong(12, absl::StrCat("expected a header of at most ", uft::kMaxHeaderJsonBytes,
                                  " bytes, found ", length));
  }
  bytes.resize(uft::kHeaderFixedBytes + length + uft::kChecksumBytes);
  const std::span<uint8_t> rest = std::span(bytes).subspan(uft::kHeaderFixedBytes);
  if (absl::Status status = Fill(rest, "the file header"); !status.ok()) return status;
  if (!ChecksumMatches(bytes)) {
    return Damaged(offset_ - uft::kChecksumBytes,
                   "expected the checksum of the file header, found another (corrupted)");
  }
  absl::StatusOr<TraceHeader> header = HeaderFromJson(
      {reinterpret_cast<const char*>(bytes.data()) + uft::kHeaderFixedBytes, length});
  if (!header.ok()) {
    return wrong(uft::kHeaderFixedBytes, std::string(header.status().message()));
  }
  header_ = *std::move(header);
  decoder_ = std::make_unique<uft::ChunkDecoder>(header_, source_->name());
  first_chunk_ = offset_;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Event>> TraceReader::Stop(const absl::Status& status) {
  damage_ = status;
  const bool end = on_damage_ == OnDamage::kRecover && absl::IsDataLoss(status);
  state_ = end ? State::kEnd : State::kFailed;
  if (end) return std::optional<Event>();
  return status;
}

absl::StatusOr<std::optional<Event>> TraceReader::Next() {
  std::optional<Event> event;
  for (;;) {
    switch (state_) {
      case State::kInChunk: {
        const absl::StatusOr<bool> more = decoder_->Next(event.emplace());
        if (!more.ok()) return Stop(more.status());
        if (!*more) {
          state_ = State::kBetweenChunks;
        } else if (event->end > not_before_ || not_before_ == 0) {
          furthest_ = std::max(furthest_, event->end);
          return event;
        }
        break;
      }
      case State::kBetweenChunks:
        if (absl::Status status = NextSection(); !status.ok()) return Stop(status);
        break;
      case State::kEnd: return std::optional<Event>();
      case State::kFailed: return damage_;
    }
  }
}

absl::Status TraceReader::NextSection() {
  uint32_t magic = 0;
  if (absl::Status status = Fill(BytesOf(magic), "a chunk or the index"); !status.ok()) {
    return status;
  }
  if (magic == uft::kChunkMagic) return ReadChunk();
  if (magic == uft::kIndexMagic) return ReadIndexAndEnd();
  return Damaged(offset_ - sizeof(magic),
                 "expected a chunk or the index, found neither"
                 " (corrupted)");
}

absl::Status TraceReader::CheckSizes(const uft::ChunkHeader& header) const {
  uint64_t raw = 0;
  for (size_t i = 0; i < uft::kColumns; ++i) {
    raw += header.raw_bytes[i];
    if (header.stored_bytes[i] > header.raw_bytes[i] || raw > uft::kMaxChunkBytes) {
      return Damaged(
          offset_ - sizeof(header),
          absl::StrCat("expected a chunk of at most ", uft::kMaxChunkBytes,
                       " bytes in compressed or plain columns, found column ", i, " of ",
                       header.raw_bytes[i], " bytes in ", header.stored_bytes[i], " (corrupted)"));
    }
  }
  return absl::OkStatus();
}

absl::Status TraceReader::ReadChunk() {
  const uint64_t start = offset_ - sizeof(uint32_t);
  uft::ChunkHeader header{};
  header.magic = uft::kChunkMagic;
  if (absl::Status status = Fill(BytesOf(header).subspan(sizeof(uint32_t)), "a chunk header");
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckSizes(header); !status.ok()) return status;
  size_t stored = 0;
  for (const uint32_t bytes : header.stored_bytes) stored += bytes;
  chunk_.resize(sizeof(header) + stored + uft::kChecksumBytes);
  std::memcpy(chunk_.data(), &header, sizeof(header));
  if (absl::Status status = Fill(std::span(chunk_).subspan(sizeof(header)), "a chunk");
      !status.ok()) {
    return status;
  }
  if (!ChecksumMatches(chunk_)) {
    return Damaged(start, absl::StrCat("expected the checksum of chunk ", next_chunk_,
                                       ", found another (corrupted)"));
  }
  if (header.sequence != next_chunk_) {
    return Damaged(start, absl::StrCat("expected chunk ", next_chunk_, ", found chunk ",
                                       header.sequence, " (corrupted)"));
  }
  next_chunk_ += 1;
  volume_.chunks += 1;
  volume_.stored_bytes += chunk_.size();
  for (const uint32_t bytes : header.raw_bytes) volume_.raw_bytes += bytes;
  events_ += header.events;
  entries_ += header.entries;
  if (not_before_ != 0 && header.time_last <= not_before_) return absl::OkStatus();
  const std::span<const uint8_t> columns(chunk_.data() + sizeof(header), stored);
  if (absl::Status status = decoder_->Begin(header, columns, start); !status.ok()) return status;
  state_ = State::kInChunk;
  return absl::OkStatus();
}

absl::Status TraceReader::ReadIndexAndEnd() {
  const uint64_t start = offset_ - sizeof(uint32_t);
  uft::IndexHeader header{};
  header.magic = uft::kIndexMagic;
  if (absl::Status status = Fill(BytesOf(header).subspan(sizeof(uint32_t)), "the index");
      !status.ok()) {
    return status;
  }
  if (header.chunks != next_chunk_ ||
      (read_all_ && (header.events != events_ || header.entries != entries_))) {
    return Damaged(start,
                   absl::StrCat("expected an index of ", next_chunk_, " chunks, ", events_,
                                " events and ", entries_, " entries, found ", header.chunks, ", ",
                                header.events, " and ", header.entries, " (corrupted)"));
  }
  const size_t rows = sizeof(uft::IndexRow) * header.chunks;
  std::vector<uint8_t> bytes(sizeof(header) + rows + uft::kChecksumBytes);
  std::memcpy(bytes.data(), &header, sizeof(header));
  if (absl::Status status = Fill(std::span(bytes).subspan(sizeof(header)), "the index");
      !status.ok()) {
    return status;
  }
  if (!ChecksumMatches(bytes)) {
    return Damaged(start, "expected the checksum of the index, found another (corrupted)");
  }
  uft::Tail tail{};
  if (absl::Status status = Fill(BytesOf(tail), "the end mark"); !status.ok()) return status;
  if (tail.index_offset != start || tail.index_bytes != bytes.size() ||
      !std::equal(uft::kEndMagic.begin(), uft::kEndMagic.end(), tail.magic)) {
    return Damaged(offset_ - sizeof(tail), "expected the end mark, found other bytes (corrupted)");
  }
  uint8_t beyond = 0;
  const absl::StatusOr<size_t> n = source_->Read({&beyond, 1});
  if (!n.ok()) return n.status();
  if (*n != 0) return Damaged(offset_, "expected the end of the file, found more bytes");
  state_ = State::kEnd;
  return absl::OkStatus();
}

absl::Status SendAll(TraceReader& reader, EventSink& sink) {
  if (absl::Status status = sink.Begin(reader.header()); !status.ok()) return status;
  for (;;) {
    const absl::StatusOr<std::optional<Event>> event = reader.Next();
    if (!event.ok()) return event.status();
    if (!event->has_value()) return absl::OkStatus();
    if (absl::Status status = sink.Add(**event); !status.ok()) return status;
  }
}

}  // namespace uffdsim

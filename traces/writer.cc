#include "traces/writer.h"

#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "traces/chunk_encoder.h"

namespace uffdsim {
namespace {

template <typename T>
void AppendTo(std::vector<uint8_t>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof(value));
}

void AppendChecksum(std::vector<uint8_t>& out) {
  const uint64_t checksum = XXH3_64bits(out.data(), out.size());
  AppendTo(out, checksum);
}

bool Ascending(std::span<const uint32_t> entries) {
  return std::adjacent_find(entries.begin(), entries.end(), [](uint32_t a, uint32_t b) {
           return EntryPage(a) >= EntryPage(b);
         }) == entries.end();
}

}  // namespace

TraceWriter::TraceWriter(std::unique_ptr<ByteSink> sink, const TraceWriterOptions& options)
    : sink_(std::move(sink)), options_(options) {
  options_.chunk_bytes = std::clamp<size_t>(options_.chunk_bytes, 1, uft::kMaxChunkBytes / 2);
}

TraceWriter::~TraceWriter() = default;

absl::StatusOr<std::unique_ptr<TraceWriter>> TraceWriter::Create(
    const std::string& path, const TraceWriterOptions& options) {
  absl::StatusOr<std::unique_ptr<ByteSink>> sink = CreateFile(path);
  if (!sink.ok()) return sink.status();
  return std::make_unique<TraceWriter>(*std::move(sink), options);
}

absl::Status TraceWriter::Write(std::span<const uint8_t> bytes) {
  offset_ += bytes.size();
  return sink_->Append(bytes);
}

absl::Status TraceWriter::Begin(const TraceHeader& header) {
  if (absl::Status status = ValidateHeader(header); !status.ok()) return status;
  const std::string json = HeaderToJson(header);
  if (json.size() > uft::kMaxHeaderJsonBytes) {
    return absl::InvalidArgumentError(absl::StrCat("trace header: expected at most ",
                                                   uft::kMaxHeaderJsonBytes, " bytes, found ",
                                                   json.size()));
  }
  header_ = header;
  encoder_ = std::make_unique<uft::ChunkEncoder>(header.vcpus, options_.zstd_level);
  std::vector<uint8_t> bytes(uft::kMagic.begin(), uft::kMagic.end());
  AppendTo(bytes, uft::kVersion);
  AppendTo(bytes, static_cast<uint32_t>(json.size()));
  bytes.insert(bytes.end(), json.begin(), json.end());
  AppendChecksum(bytes);
  return Write(bytes);
}

absl::Status TraceWriter::Check(const Event& event) const {
  const auto bad = [this](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("trace event ", events_, ": ", what));
  };
  if (event.vcpu >= header_.vcpus) {
    return bad(absl::StrCat("expected a vCPU below ", header_.vcpus, ", found ", event.vcpu));
  }
  const uint64_t clock = encoder_->clock(event.vcpu);
  if (event.kind != EventKind::kIdle && (event.begin < clock || event.end < event.begin)) {
    return bad(absl::StrCat("expected a time from ", clock, " on, found ", event.begin, " to ",
                            event.end));
  }
  if (event.name.size() > uft::kMaxNameBytes) {
    return bad(absl::StrCat("expected a name of at most ", uft::kMaxNameBytes, " bytes"));
  }
  if (!IsPrintable(event.name)) return bad("expected a name without control characters");
  const bool accesses = event.kind == EventKind::kAccesses;
  if (accesses || event.kind == EventKind::kEpoch) {
    if (accesses != (header_.stream == StreamKind::kAccesses)) {
      return bad(absl::StrCat("a stream of ", std::string(KindName(header_.stream)),
                              " cannot hold the other kind"));
    }
    if (accesses && event.deltas.size() != event.entries.size()) {
      return bad("expected one time delta per access");
    }
    if (!accesses && !Ascending(event.entries)) return bad("expected pages in ascending order");
  }
  for (const uint32_t entry : event.entries) {
    if (EntryPage(entry) >= header_.ram_pages) {
      return bad(absl::StrCat("expected a page below ", header_.ram_pages,
                              " (the guest's memory), found page ", EntryPage(entry)));
    }
    if (EntryBits(entry) == 0) return bad("expected touch bits 1 to 7 in every entry, found 0");
  }
  return absl::OkStatus();
}

absl::Status TraceWriter::Add(const Event& event) {
  if (absl::Status status = Check(event); !status.ok()) return status;
  if (event.kind != EventKind::kAccesses) return AddPiece(event);
  Event piece = event;
  for (size_t i = 0; i < event.entries.size(); i += piece.entries.size()) {
    const size_t n = std::min(uft::kMaxBlockAccesses, event.entries.size() - i);
    piece.entries = event.entries.subspan(i, n);
    piece.deltas = event.deltas.subspan(i, n);
    piece.end = std::accumulate(piece.deltas.begin(), piece.deltas.end(), piece.begin);
    if (absl::Status status = AddPiece(piece); !status.ok()) return status;
    piece.begin = piece.end;
  }
  return absl::OkStatus();
}

absl::Status TraceWriter::AddPiece(const Event& event) {
  encoder_->Add(event);
  events_ += 1;
  entries_ += event.entries.size();
  return encoder_->raw_bytes() >= options_.chunk_bytes ? FlushChunk() : absl::OkStatus();
}

absl::Status TraceWriter::FlushChunk() {
  if (encoder_->raw_bytes() > uft::kMaxChunkBytes) {
    return absl::InvalidArgumentError(absl::StrCat("trace event ", events_, ": expected at most ",
                                                   uft::kMaxChunkBytes, " bytes in a chunk"));
  }
  index_.push_back({offset_, encoder_->header().time_first, encoder_->header().time_last});
  return Write(encoder_->Finish(static_cast<uint32_t>(index_.size() - 1)));
}

absl::Status TraceWriter::Finish() {
  if (!encoder_->empty()) {
    if (absl::Status status = FlushChunk(); !status.ok()) return status;
  }
  std::vector<uint8_t> bytes;
  AppendTo(bytes, uft::IndexHeader{uft::kIndexMagic, static_cast<uint32_t>(index_.size()), events_,
                                   entries_});
  for (const uft::IndexRow& row : index_) AppendTo(bytes, row);
  AppendChecksum(bytes);
  uft::Tail tail{offset_, bytes.size(), {}};
  std::copy(uft::kEndMagic.begin(), uft::kEndMagic.end(), tail.magic);
  AppendTo(bytes, tail);
  if (absl::Status status = Write(bytes); !status.ok()) return status;
  return sink_->Finish();
}

absl::Status AccessBatcher::Add(uint16_t vcpu, uint64_t time, uint32_t entry) {
  const bool same_run = !entries_.empty() && vcpu == vcpu_ && time >= end_ &&
                        time - end_ <= UINT32_MAX && entries_.size() < uft::kMaxBlockAccesses;
  if (!same_run) {
    if (absl::Status status = Flush(); !status.ok()) return status;
    vcpu_ = vcpu;
    begin_ = end_ = time;
  }
  entries_.push_back(entry);
  deltas_.push_back(static_cast<uint32_t>(time - end_));
  end_ = time;
  return absl::OkStatus();
}

absl::Status AccessBatcher::Flush() {
  if (entries_.empty()) return absl::OkStatus();
  Event event;
  event.kind = EventKind::kAccesses;
  event.vcpu = vcpu_;
  event.begin = begin_;
  event.end = end_;
  event.entries = entries_;
  event.deltas = deltas_;
  absl::Status status = sink_->Add(event);
  entries_.clear();
  deltas_.clear();
  return status;
}

}  // namespace uffdsim

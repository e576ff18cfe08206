// Sources on top of sources: bytes that were already looked at, and the inside of zstd frames.
#include <zstd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "traces/bytes.h"

namespace uffdsim {
namespace {

constexpr uint8_t kZstdMagic[] = {0x28, 0xb5, 0x2f, 0xfd};

// Captures may use long windows; 128 MiB is what zstd itself accepts without being asked.
constexpr int kMaxWindowLog = 27;

class PrefixedSource final : public ByteSource {
 public:
  PrefixedSource(std::vector<uint8_t> prefix, std::unique_ptr<ByteSource> rest)
      : ByteSource(rest->name()), prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> out) override {
    const size_t n = std::min(out.size(), prefix_.size() - position_);
    std::copy_n(prefix_.begin() + static_cast<ptrdiff_t>(position_), n, out.begin());
    position_ += n;
    if (n == out.size()) return n;
    const absl::StatusOr<size_t> more = rest_->Read(out.subspan(n));
    if (!more.ok()) return more.status();
    return n + *more;
  }

 private:
  std::vector<uint8_t> prefix_;
  size_t position_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> inside)
      : ByteSource(inside->name()),
        inside_(std::move(inside)),
        stream_(ZSTD_createDStream(), ZSTD_freeDStream),
        buffer_(ZSTD_DStreamInSize()) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  absl::StatusOr<size_t> Read(std::span<uint8_t> out) override {
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    while (target.pos < target.size) {
      if (input_.pos == input_.size) {
        const absl::StatusOr<size_t> n = inside_->Read(buffer_);
        if (!n.ok()) return n.status();
        consumed_ += input_.size;
        input_ = {buffer_.data(), *n, 0};
        if (*n == 0) {
          if (!frame_open_) break;
          return absl::DataLossError(absl::StrCat(name(), ": offset ", consumed_,
                                                  ": expected more of a zstd frame, found the end"
                                                  " (truncated)"));
        }
      }
      const size_t left = ZSTD_decompressStream(stream_.get(), &target, &input_);
      if (ZSTD_isError(left)) {
        return absl::DataLossError(
            absl::StrCat(name(), ": offset ", consumed_ + input_.pos,
                         ": expected a valid zstd frame, found: ", ZSTD_getErrorName(left)));
      }
      frame_open_ = left != 0;
    }
    return target.pos;
  }

 private:
  std::unique_ptr<ByteSource> inside_;
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
  std::vector<uint8_t> buffer_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  uint64_t consumed_ = 0;  // bytes of the frame in buffers before this one
  bool frame_open_ = false;
};

absl::StatusOr<Peeked> Peek(std::unique_ptr<ByteSource> source) {
  std::vector<uint8_t> head(kPeekBytes);
  const absl::StatusOr<size_t> n = source->Read(head);
  if (!n.ok()) return n.status();
  head.resize(*n);
  return Peeked{std::make_unique<PrefixedSource>(head, std::move(source)), head};
}

}  // namespace

absl::StatusOr<Peeked> PeekThroughZstd(std::unique_ptr<ByteSource> source) {
  absl::StatusOr<Peeked> peeked = Peek(std::move(source));
  if (!peeked.ok() || peeked->head.size() < sizeof(kZstdMagic) ||
      !std::equal(std::begin(kZstdMagic), std::end(kZstdMagic), peeked->head.begin())) {
    return peeked;
  }
  return Peek(std::make_unique<ZstdSource>(std::move(peeked->source)));
}

}  // namespace uffdsim

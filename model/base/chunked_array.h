// An array in chunks of 512 that exist only while one of their elements is not zero.
//
// For what belongs to *resident* pages (page-cache slots, for example): a range that is wholly
// evicted costs nothing but its directory slot. Set() keeps the count of live elements.
// Owned by: the holder. Copyable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace uffdsim {

template <class T>
class ChunkedArray {
 public:
  static constexpr std::size_t kChunk = 512;

  ChunkedArray() = default;
  ChunkedArray(const ChunkedArray& other) { *this = other; }
  ChunkedArray& operator=(const ChunkedArray& other) {
    if (this == &other) return *this;
    chunks_.clear();
    chunks_.resize(other.chunks_.size());
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (other.chunks_[i]) chunks_[i] = std::make_unique<Chunk>(*other.chunks_[i]);
    }
    return *this;
  }
  ChunkedArray(ChunkedArray&&) noexcept = default;
  ChunkedArray& operator=(ChunkedArray&&) noexcept = default;

  T Get(std::size_t i) const {
    const std::size_t c = i / kChunk;
    return c < chunks_.size() && chunks_[c] ? chunks_[c]->element[i % kChunk] : T{};
  }

  void Set(std::size_t i, T value) {
    const std::size_t c = i / kChunk;
    if (c >= chunks_.size()) {
      if (value == T{}) return;
      chunks_.resize(c + 1);
    }
    if (!chunks_[c]) {
      if (value == T{}) return;
      chunks_[c] = std::make_unique<Chunk>();
    }
    Chunk& chunk = *chunks_[c];
    T& slot = chunk.element[i % kChunk];
    chunk.live +=
        static_cast<std::uint32_t>(value != T{}) - static_cast<std::uint32_t>(slot != T{});
    slot = value;
    if (chunk.live == 0) chunks_[c].reset();
  }

  // Calls visit(index, value) for every non-zero element in [first, last), in order.
  template <class Visit>
  void ForEach(std::size_t first, std::size_t last, Visit&& visit) const {
    for (std::size_t i = first; i < last && i / kChunk < chunks_.size();) {
      const Chunk* chunk = chunks_[i / kChunk].get();
      const std::size_t end = (i / kChunk + 1) * kChunk;
      if (chunk == nullptr) {
        i = end;
        continue;
      }
      for (; i < end && i < last; ++i) {
        // A visitor may clear elements, and so free the chunk: look it up again each time.
        const Chunk* now = chunks_[i / kChunk].get();
        if (now == nullptr) break;
        if (now->element[i % kChunk] != T{}) visit(i, now->element[i % kChunk]);
      }
      i = end < last ? end : last;
    }
  }

 private:
  struct Chunk {
    std::uint32_t live = 0;
    std::array<T, kChunk> element{};
  };
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace uffdsim

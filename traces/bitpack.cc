#include "traces/bitpack.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace uffdsim::uft {
namespace {

constexpr uint32_t kRows = 32;

// Four lanes at once; both compilers lower this to whatever vectors the target has.
using Lanes = uint32_t __attribute__((vector_size(16)));

constexpr uint32_t MaskOf(uint32_t width) {
  return width == 32 ? UINT32_MAX : (uint32_t{1} << width) - 1;
}

inline Lanes LoadLanes(const uint8_t* in, uint32_t word) {
  Lanes lanes;
  std::memcpy(&lanes, in + word * sizeof(Lanes), sizeof(Lanes));
  return lanes;
}

// One row of four values; with width and row known, what remains are loads, shifts and a mask.
template <uint32_t kWidth, uint32_t kRow>
inline void UnpackRow(const uint8_t* in, Lanes base, uint32_t* out) {
  constexpr uint32_t kBit = kRow * kWidth;
  constexpr uint32_t kShift = kBit % 32;
  Lanes lanes = LoadLanes(in, kBit / 32) >> kShift;
  if constexpr (kShift + kWidth > 32) lanes |= LoadLanes(in, kBit / 32 + 1) << (32 - kShift);
  if constexpr (kShift + kWidth != 32) lanes &= MaskOf(kWidth);
  lanes += base;
  std::memcpy(out + kRow * 4, &lanes, sizeof(lanes));
}

template <uint32_t kWidth, uint32_t... kRowIndex>
void UnpackRows(const uint8_t* in, Lanes base, uint32_t* out,
                std::integer_sequence<uint32_t, kRowIndex...>) {
  (UnpackRow<kWidth, kRowIndex>(in, base, out), ...);
}

template <uint32_t kWidth>
void Unpack(const uint8_t* in, uint32_t base, uint32_t* out) {
  const Lanes bases = {base, base, base, base};
  if constexpr (kWidth == 0) {
    for (uint32_t row = 0; row < kRows; ++row) std::memcpy(out + row * 4, &bases, sizeof(bases));
  } else {
    UnpackRows<kWidth>(in, bases, out, std::make_integer_sequence<uint32_t, kRows>());
  }
}

using Unpacker = void (*)(const uint8_t*, uint32_t, uint32_t*);

template <uint32_t... kWidth>
constexpr std::array<Unpacker, sizeof...(kWidth)> MakeUnpackers(
    std::integer_sequence<uint32_t, kWidth...>) {
  return {Unpack<kWidth>...};
}

constexpr auto kUnpackers = MakeUnpackers(std::make_integer_sequence<uint32_t, 33>());

}  // namespace

uint32_t WidthOf(uint32_t value) { return static_cast<uint32_t>(std::bit_width(value)); }

void Pack128(const uint32_t* in, uint32_t width, uint8_t* out) {
  uint32_t words[4 * 32] = {};
  for (uint32_t row = 0; row < kRows; ++row) {
    const uint32_t word = row * width / 32;
    const uint32_t shift = row * width % 32;
    for (uint32_t lane = 0; lane < 4; ++lane) {
      const uint64_t value = uint64_t{in[row * 4 + lane]} << shift;
      if (width != 0) words[word * 4 + lane] |= static_cast<uint32_t>(value);
      if (shift + width > 32) words[(word + 1) * 4 + lane] |= static_cast<uint32_t>(value >> 32);
    }
  }
  std::memcpy(out, words, PackedBytes(width));
}

void Unpack128(const uint8_t* in, uint32_t width, uint32_t base, uint32_t* out) {
  kUnpackers[width](in, base, out);
}

}  // namespace uffdsim::uft

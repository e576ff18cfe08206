// Bit packing of 128 unsigned integers at any width from 0 to 32 bits.
//
// Rules:  value i lives in lane i % 4; each lane is a little-endian bit string of 32 values, and
// the
//         lanes are interleaved by 32-bit words, so that four values are decoded by the same shifts
//         in one 16-byte vector. Packed size: width * 16 bytes.
// Errors: none; callers check widths and sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uffdsim::uft {

constexpr size_t PackedBytes(uint32_t width) { return size_t{width} * 16; }

// Bits needed for `value`; 0 for 0.
uint32_t WidthOf(uint32_t value);

// `out` has room for PackedBytes(width); no value needs more than `width` bits.
void Pack128(const uint32_t* in, uint32_t width, uint8_t* out);

// Writes 128 values, each plus `base`.
void Unpack128(const uint8_t* in, uint32_t width, uint32_t base, uint32_t* out);

}  // namespace uffdsim::uft

// Configurations derived from one of the catalogue: the hypothetical uffd bit, and the encoding
// without 7.3.4's collisions.
//
// Mirrors:  nothing that exists; "what would enabling RWP here take?"
// Rules:    a derived configuration differs from its base in nothing but what is asked for, and its
//           name says so ("ppc64-64k-radix+uffd11").
// Owned by: the caller; an Arch is a value.
// Errors:   InvalidArgument for bits outside the word or text that does not parse. Whether the bit
//           is free is not an error but a question for the algebra checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/arch/arch.h"

namespace uffdsim {

// Which bits to use as the mark. Without a pmd bit the PTE's is used, without a swap bit the one
// that the configuration has, or else the lowest one that nothing else uses.
struct WhatIfUffd {
  unsigned pte_bit = 0;
  std::optional<unsigned> pmd_bit = std::nullopt;
  std::optional<unsigned> swp_bit = std::nullopt;
};

// "uffd-bit=11", "uffd-bit=11,pmd-bit=9,swp-bit=6"; a bare number is the PTE bit.
absl::StatusOr<WhatIfUffd> ParseWhatIf(std::string_view text);

// The same configuration with a uffd bit: pte_mkuffd() sets it and write-protects, pte_modify()
// keeps it, swap entries carry it, as the three architectures that have one do it.
absl::StatusOr<Arch> WithUffdBit(const Arch& arch, const WhatIfUffd& what_if);

// The same configuration on a CPU without PMD leaves for memory of processes:
// has_transparent_hugepage() answers false.
Arch WithoutThp(const Arch& arch);

// The two layouts that collide in 7.3.4 without their collision; every other one unchanged.
Arch WithoutCollisions(const Arch& arch);

// Bits that no field, no frame and no discriminating test of present words uses, ascending.
std::vector<unsigned> SpareBits(const Arch& arch, Form form);
std::vector<unsigned> SpareSwapBits(const Arch& arch, Form form);

}  // namespace uffdsim

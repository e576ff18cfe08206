// What the policy tests share: the public trace, recorded miss counts, and runs of a policy.
//
// Owned by: the caller. Errors: reading functions return nothing where the data is absent; a
// malformed record fails the test through its caller.
// Mirrors: libCacheSim's oracleGeneral format: 24-byte little-endian records of u32 time, u64
// object, u32 size, i64 next access.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/vmm/policy/policy.h"
#include "sim/vmm/policy/registry.h"

namespace uffdsim::testing {

// A reference string over dense page numbers.
struct References {
  std::vector<PageId> pages;
  std::uint32_t page_count = 0;
};

// The folder of golden data: $UFFDSIM_GOLDEN_POLICIES, else ../shared/golden/policies beside the
// source tree.
std::string GoldenFolder();

// The records of an oracleGeneral file, objects numbered in order of first use. Nothing if there is
// no such file.
std::optional<References> ReadOracleGeneral(const std::string& path);

// A row of <trace>.misses.csv.
struct RecordedMisses {
  std::string policy;  // in libCacheSim's spelling
  std::uint64_t capacity = 0;
  std::uint64_t misses = 0;
  bool deterministic = false;
};
std::vector<RecordedMisses> ReadRecordedMisses(const std::string& path);

// A policy by its text, for that reference string.
std::unique_ptr<Policy> MakeFor(std::string_view policy, const References& references,
                                std::uint64_t capacity, std::uint64_t seed,
                                std::span<const std::uint32_t> next_use);

// Misses of a demand-paged run over the whole string.
std::uint64_t Misses(std::string_view policy, const References& references, std::uint64_t capacity,
                     std::uint64_t seed = 1);

// The page evicted by each miss of a demand-paged run (kNoPage while memory fills).
std::vector<PageId> Victims(std::string_view policy, const References& references,
                            std::uint64_t capacity);

// References with skewed popularity and some scans: what tells policies apart.
References RandomReferences(std::uint64_t seed, std::uint32_t page_count, std::size_t length);

}  // namespace uffdsim::testing

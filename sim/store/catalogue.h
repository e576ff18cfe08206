// The catalogue of stores, and how a user names one: "nvme" or
// "nvme:read_latency_ns=60000,channels=8".
//
// Rules: the rows are those of store.def; the keys are the members of StoreTiming, link being
//   "shared" or "each-way". Formatting a timing prints every key, so that it says everything.
// Owned by: the rows live for ever; a choice is a value.
// Errors: InvalidArgument that names the character and what was expected there.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sim/store/store_timing.h"

namespace uffdsim {

struct StoreRow {
  std::string_view name;
  StoreTiming timing;
  std::string_view sentence;
  std::string_view source;
};

struct StoreChoice {
  const StoreRow* row = nullptr;
  StoreTiming timing;
};

std::span<const StoreRow> Stores();

// The row of that name, or null.
const StoreRow* FindStore(std::string_view name);

absl::StatusOr<StoreChoice> ParseStore(std::string_view text);

// The canonical text: what ParseStore() reads back to the same choice.
std::string FormatStore(const StoreChoice& choice);

}  // namespace uffdsim

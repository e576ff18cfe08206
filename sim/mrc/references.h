// A trace as a string of references: page after page, in the order of the file.
//
// Rules:   any format of the catalogue of traces. Every entry is one reference, whatever its bits.
//          An epoch is a set, so its pages come in ascending order, and where epochs begin is kept;
//          a stream of accesses has no epochs. Several vCPUs come as the file interleaves them.
// Owned by: a value. Errors: those of the importers; InvalidArgument for a trace without accesses.
// Units:   pages of the trace.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/vmm/policy/policy.h"
#include "traces/header.h"

namespace uffdsim {

struct ReferenceString {
  std::vector<PageId> pages;
  // Where in `pages` each epoch begins, ascending; empty for a stream of accesses.
  std::vector<std::uint64_t> epoch_begins;
  std::uint32_t page_count = 0;       // page numbers are below this
  std::uint64_t footprint_pages = 0;  // distinct ones among them
  TraceHeader header;
  std::string path;
  std::string format;
  std::string digest;  // XXH3-128 of the file; empty for a pipe

  bool ordered() const { return epoch_begins.empty(); }
  std::size_t epochs() const { return epoch_begins.size(); }
  std::span<const PageId> Epoch(std::size_t i) const {
    const std::size_t begin = epoch_begins[i];
    const std::size_t end = i + 1 < epoch_begins.size() ? epoch_begins[i + 1] : pages.size();
    return std::span(pages).subspan(begin, end - begin);
  }
};

absl::StatusOr<ReferenceString> ReadReferences(const std::string& path);

// Counts distinct pages: what footprint_pages must be.
std::uint64_t CountDistinct(std::span<const PageId> pages, std::uint32_t page_count);

}  // namespace uffdsim

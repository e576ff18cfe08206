// Pages x time: what became of each part of guest memory in each interval.
//
// Rules:   guest memory is divided into rows of equally many pages (the last may have fewer); at
// the
//          end of an interval each row counts its pages that were touched in it, that are in memory
//          and would fault at the next touch, that were evicted and that came back. A page that
//          went and came back within an interval counts as neither.
// Owned by: the replay; costs one look at each guest page per interval, and a byte per page.
// Errors:  none. Units: pages; ns of virtual time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/replay/linux_host.h"
#include "sim/replay/truth.h"

namespace uffdsim {

struct HeatMapData {
  using Row = std::vector<std::uint32_t>;  // pages, by row of guest memory

  std::uint32_t rows = 0;
  std::uint32_t pages_per_row = 0;
  std::vector<std::uint64_t> end_ns;  // of each interval
  // One Row per interval.
  std::vector<Row> touched;
  std::vector<Row> armed;
  std::vector<Row> evicted;
  std::vector<Row> refetched;
};

class HeatMap {
 public:
  // At most `rows` of at least one page.
  HeatMap(std::uint32_t rows, std::uint32_t guest_pages);

  // The running interval ends.
  void AddInterval(LinuxHost& host, const Truth& truth, std::uint64_t end_ns);

  HeatMapData Take() { return std::move(data_); }

 private:
  enum class Was : std::uint8_t { kNeverThere, kThere, kEvicted };

  HeatMapData data_;
  std::vector<Was> was_;  // by page, at the end of the interval before
};

}  // namespace uffdsim

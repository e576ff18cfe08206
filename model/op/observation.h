// What can be seen of a machine from outside: /proc/PID/smaps, pagemap, PAGEMAP_SCAN, mincore,
// fdinfo, and with `raw` the page-table entries and the frames behind them.
//
// Mirrors: fs/proc/task_mmu.c; the letters are those of the scenario language's `observe` record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

// One page of a VMA. Strings are short enough for the small-string buffer.
struct PageView {
  std::string pagemap;  // "PSFUDXG", '-' where not
  std::string scan;     // "awfpszhdgA", '-' where not
  bool mincore = false;
  std::string entry;  // raw only: letters of the entry, "0", "M0", "swap:..", ...
  std::string frame;  // raw only: letters of the frame, then the map count
  Pfn pfn{};          // raw only: the frame mapped here
  bool has_frame = false;
};

struct VmaView {
  std::uint64_t start = 0;  // byte addresses
  std::uint64_t end = 0;
  std::string prot;   // "rw-p"
  std::string flags;  // VmFlags of smaps: "rd wr mr mw me ac sd ur"
  std::uint64_t rss_pages = 0;
  std::uint64_t swap_pages = 0;
  std::uint64_t anon_pages = 0;
  std::uint64_t huge_pages = 0;  // base pages mapped by PMD leaves
  std::vector<PageView> pages;   // one per base page
};

struct UffdView {
  CtxId ctx{};
  std::uint64_t pending = 0;
  std::uint64_t total = 0;
  std::uint64_t features = 0;  // bit 31: initialised
};

struct ProcessView {
  MmId process{};
  std::vector<VmaView> vmas;
  std::vector<UffdView> contexts;  // open ones whose mm is this process's
};

struct Observation {
  std::vector<ProcessView> processes;  // living ones, by number
};

}  // namespace uffdsim

// /proc/PID/smaps as areas.
//
// Mirrors: show_smap() and show_smap_vma_flags() of fs/proc/task_mmu.c.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace uffdsim {

struct SmapsArea {
  std::uint64_t start = 0;  // byte addresses
  std::uint64_t end = 0;
  std::string prot;   // "rw-p"
  std::string flags;  // "rd wr mr mw me ac sd"
  std::uint64_t rss_kib = 0;
  std::uint64_t swap_kib = 0;
  std::uint64_t anon_kib = 0;
  std::uint64_t huge_kib = 0;  // mapped by PMD leaves
  bool hugetlb = false;
};

std::vector<SmapsArea> ReadSmaps(const std::string& path);

}  // namespace uffdsim

// The observable state of a process: what /proc, mincore() and, with `raw`, its page tables say.
//
// Mirrors: fs/proc/task_mmu.c (smaps, pagemap, PAGEMAP_SCAN), mm/mincore.c, fdinfo of
//          mm/userfaultfd.c, fs/proc/page.c (kpageflags, kpagecount).
// Errors:  `why` says what the kernel does not show. Owned by: the caller; may be used for many
// sessions.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/op/observation.h"
#include "sim/conform/kernel/page_walk.h"
#include "sim/conform/kernel/workers.h"
#include "sim/scenario/names.h"

namespace uffdsim {

class Looker {
 public:
  Looker();
  ~Looker();
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  bool Look(Workers* workers, std::uint32_t process, const Names& names, bool raw,
            ProcessView* view, std::string* why);
  // What this kernel does not show: some of soft-dirty, page-tables, memory-failure, thp,
  // separated by blanks.
  const std::string& Lacks();
  UffdView LookAtUffd(pid_t pid, int descriptor) const;
  bool IsHugetlb(pid_t pid, std::uint64_t address) const;
  // First bytes of the frames of [start, start+length), run-length coded: -1 nothing, -2 swap or
  // marker.
  bool PageBytes(pid_t pid, std::uint64_t start, std::uint64_t length,
                 std::vector<std::pair<int, std::uint64_t>>* values, std::string* why);

 private:
  bool CanReadTables(std::string* why);
  void AddFrames(std::vector<PageView>* pages, const std::vector<std::uint64_t>& words) const;

  std::uint64_t page_size_;
  std::string lacks_;
  bool knows_lacks_ = false;
  PageWalker walker_;
  int kpageflags_ = -1;
  int kpagecount_ = -1;
};

}  // namespace uffdsim

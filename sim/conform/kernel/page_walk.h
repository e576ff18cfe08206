// Page-table entries of a process as scenario records show them, read from outside.
//
// Mirrors: the walks of mm/pagewalk.c; the meaning of a word is model/arch's. No entry is changed
// and
//          nothing is marked accessed.
// Errors:  Open() says what the kernel does not let us read; an entry that cannot be read is "?".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/arch/arch.h"
#include "model/op/observation.h"
#include "sim/conform/kernel/kernel_memory.h"

namespace uffdsim {

class PageWalker {
 public:
  // Finds the architecture, the kernel's memory and its types. Cheap after the first time.
  bool Open(std::string* why);
  // The memory alone, which ByteOfFrame() needs.
  bool OpenMemory(std::string* why) { return memory_.Open(why); }

  // Fills `entry` of the pages of one area.
  void AddEntries(pid_t pid, std::uint64_t start, bool hugetlb, std::vector<PageView>* pages);
  // First byte of a frame; -1 when it cannot be read.
  int ByteOfFrame(std::uint64_t pfn) const;

 private:
  // Physical address of the top table; 0 when the process is not found.
  std::uint64_t TopTable(pid_t pid);
  std::uint64_t FindTopTable(pid_t pid) const;
  // The lowest table that has a slot for the address. `level`: 0 PTE, 1 PMD, ..
  struct Place {
    int level = 0;
    bool table = false;  // a table of this level exists; its words are in words_
    std::uint64_t word = 0;
  };
  Place Find(std::uint64_t top, std::uint64_t address);
  std::uint64_t WordOf(std::uint64_t table, int level, std::uint64_t address);
  std::uint64_t TableOf(std::uint64_t word) const;  // physical address
  std::string TextOf(const Place& place, bool hugetlb) const;

  const Arch* arch_ = nullptr;
  int levels_ = 0;
  KernelMemory memory_;
  KernelTypes types_;
  std::uint64_t first_task_ = 0;
  // Offsets of task_struct's tasks, pid and mm, and of mm_struct's pgd.
  std::int64_t tasks_at_ = -1;
  std::int64_t pid_at_ = -1;
  std::int64_t mm_at_ = -1;
  std::int64_t pgd_at_ = -1;
  std::vector<std::pair<pid_t, std::uint64_t>> tops_;  // of processes met before
  // The table of each level that was read last: neighbours share it.
  struct Cached {
    std::uint64_t table = 0;
    std::vector<std::uint64_t> words;
  };
  Cached cached_[5];
};

}  // namespace uffdsim

// What a generator of statements sees of a machine: processes, mappings, contexts, files and who
// waits, by the names that the scenario language has for them.
//
// Mirrors: what a test program would read from /proc/PID/maps and keep in mind.
// Units: base pages. Owned by: the caller; a snapshot, valid until the next operation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/executor.h"

namespace uffdsim {

// One VMA of one process.
struct Area {
  std::uint32_t process = 0;
  std::string region;
  std::uint64_t page = 0;  // in its region
  std::uint64_t pages = 0;
  bool hugetlb = false;
  bool anonymous = false;  // a private mapping without a file
  bool shared = false;
  bool writable = false;
  bool huge = false;         // long enough, or advised, for transparent huge pages
  std::string uffd;          // the context that it is registered with, "" none
  std::uint32_t holder = 0;  // a process with a descriptor of that context
  std::uint64_t modes = 0;   // UffdMode
};

struct SeenUffd {
  std::string name;
  std::uint32_t holder = 0;
  std::uint64_t features = 0;  // UffdFeature
  bool has_mail = false;       // unread messages
};

struct SeenFile {
  std::string name;
  std::uint64_t pages = 0;
  bool hugetlb = false;
};

// A thread that sleeps until its fault is resolved.
struct SeenWaiter {
  std::string uffd;
  std::uint32_t holder = 0;
  std::string region;
  std::uint64_t page = 0;
  bool hugetlb = false;
  std::uint64_t flags = 0;  // UffdFaultFlag
};

struct Sight {
  std::uint64_t huge_pages = 512;        // base pages of a huge page
  std::vector<std::uint32_t> processes;  // numbers of the living ones
  std::vector<Area> areas;               // by process and address
  std::vector<SeenUffd> uffds;           // open ones
  std::vector<SeenFile> files;           // named ones
  std::vector<SeenWaiter> waiters;
  bool events_wait = false;  // some thread sleeps until its event is read
  bool swap_on = false;
};

Sight LookAround(Executor& executor);

}  // namespace uffdsim

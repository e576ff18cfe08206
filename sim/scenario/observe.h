// The `observe` record: the machine's observable state, grouped by region and run-length coded.
//
// Mirrors: what a process sees of itself in /proc/PID/smaps, pagemap, mincore and fdinfo.
#pragma once

#include <string>
#include <vector>

#include "model/op/observation.h"
#include "sim/scenario/names.h"
#include "sim/scenario/record.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// A userfaultfd of one process, under the scenario's name.
struct NamedUffd {
  std::string name;
  UffdView view;
};

struct ObservedProcess {
  std::uint32_t number = 0;
  const ProcessView* view = nullptr;
  std::vector<NamedUffd> uffds;
};

// `statement` says what is wanted: raw or not, which process, which regions.
std::string ObserveJson(int index, const Statement& statement,
                        const std::vector<ObservedProcess>& processes, const Names& names);

// The page of one process at an address; null where nothing is mapped.
const PageView* FindPage(const ProcessView& process, std::uint64_t address,
                         std::uint64_t page_size);

}  // namespace uffdsim

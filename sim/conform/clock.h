// What the clock decides on a running kernel, taken out of both records before they are compared.
//
// NUMA balancing scans an address space whenever its time has come: whether a page is a hint entry
// (no access, without the userfaultfd bit) or has been given back by a hint fault depends on how
// long the operations before took. Everything else of these entries is compared.
//
// Mirrors: task_numa_work(), change_pte_range() with MM_CP_PROT_NUMA, do_numa_page().
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/statement.h"

namespace uffdsim {

// For each operation of the scenario, in order, whether NUMA balancing has been on by then.
std::vector<bool> BalancingOfOperations(const Scenario& scenario);

// The record with every entry that a scan may turn into a hint, or a hint fault back, as if it had
// been: present, and without what such a round trip changes. Anything but JSON comes back as it is.
std::string WithoutHints(const std::string& record);

}  // namespace uffdsim

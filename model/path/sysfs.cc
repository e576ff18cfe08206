// Writing to files below /sys and /proc/sys: the settings that the model has.
//
// Mirrors: sysctl and sysfs handlers of mm/huge_memory.c, mm/shmem.c, kernel/sched/.
#include <algorithm>
#include <string>
#include <string_view>

#include "model/path/start.h"

namespace uffdsim {
namespace {

using Thp = WorldConfig::Thp;
using ShmemThp = WorldConfig::ShmemThp;

// Each handler answers EINVAL to a value that the kernel refuses.
Errno SetBool(bool* setting, std::string_view value) {
  if (value != "0" && value != "1") return Errno::kEINVAL;
  *setting = value == "1";
  return Errno::kOk;
}

Errno SetNumaBalancing(WorldConfig& config, std::string_view value) {
  return SetBool(&config.numa_balancing, value);
}

// A boot parameter, so that a scenario can have a machine that was started with it.
Errno SetProcMemForce(WorldConfig& config, std::string_view value) {
  if (value != "always" && value != "ptrace") return Errno::kEINVAL;
  config.proc_mem_forces = value == "always";
  return Errno::kOk;
}

Errno SetZeroPage(WorldConfig& config, std::string_view value) {
  return SetBool(&config.use_zero_page, value);
}

Errno SetThp(WorldConfig& config, std::string_view value) {
  if (value == "always") {
    config.thp = Thp::kAlways;
  } else if (value == "madvise") {
    config.thp = Thp::kMadvise;
  } else if (value == "never") {
    config.thp = Thp::kNever;
  } else {
    return Errno::kEINVAL;
  }
  return Errno::kOk;
}

Errno SetShmemThp(WorldConfig& config, std::string_view value) {
  struct Row {
    std::string_view name;
    ShmemThp mode;
  };
  static constexpr Row kRows[] = {
      {"never", ShmemThp::kNever},   {"advise", ShmemThp::kAdvise},
      {"always", ShmemThp::kAlways}, {"deny", ShmemThp::kDeny},
      {"force", ShmemThp::kForce},   {"within_size", ShmemThp::kWithinSize}};
  for (const Row& row : kRows) {
    if (row.name != value) continue;
    config.shmem_thp = row.mode;
    return Errno::kOk;
  }
  return Errno::kEINVAL;
}

// Timing that the model does not have: every setting is as good as another.
Errno Accept(WorldConfig&, std::string_view) { return Errno::kOk; }

struct Setting {
  std::string_view path;
  Errno (*set)(WorldConfig&, std::string_view);
};

constexpr Setting kSettings[] = {
    {"/proc/sys/kernel/numa_balancing", &SetNumaBalancing},
    {"/sys/kernel/debug/sched/numa_balancing/scan_delay_ms", &Accept},
    {"/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms", &Accept},
    {"/sys/kernel/debug/sched/numa_balancing/scan_period_max_ms", &Accept},
    {"/sys/kernel/debug/sched/numa_balancing/scan_size_mb", &Accept},
    {"/proc/cmdline/proc_mem.force_override", &SetProcMemForce},
    {"/sys/kernel/mm/transparent_hugepage/enabled", &SetThp},
    {"/sys/kernel/mm/transparent_hugepage/shmem_enabled", &SetShmemThp},
    {"/sys/kernel/mm/transparent_hugepage/use_zero_page", &SetZeroPage},
    {"/sys/kernel/mm/transparent_hugepage/defrag", &Accept},
    {"/sys/kernel/mm/transparent_hugepage/khugepaged/defrag", &Accept},
    {"/proc/sys/vm/page-cluster", &Accept},
    {"/proc/sys/vm/overcommit_memory", &Accept},
};

}  // namespace

void Start_sysfs(World& w, Task& t) {
  const std::string_view text = t.op.text;
  const std::size_t space = text.find(' ');
  const std::string_view path = text.substr(0, space);
  const std::string_view value =
      space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  const auto* row = std::find_if(std::begin(kSettings), std::end(kSettings),
                                 [&](const Setting& s) { return s.path == path; });
  if (row == std::end(kSettings)) return Bad(t, "this file is not modelled");
  const bool numa = path.find("numa_balancing") != std::string_view::npos;
  if (numa && w.config.numa_nodes == 0) return Fail(t, Errno::kENOENT);
  const Errno error = row->set(w.config, value);
  if (error != Errno::kOk) return Fail(t, error);
  t.outcome.status = Outcome::Status::kOk;
}

}  // namespace uffdsim

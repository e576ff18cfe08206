// Writing to files below /sys and /proc/sys: the settings that the model has.
//
// Mirrors: sysctl and sysfs handlers of mm/huge_memory.c, mm/shmem.c, kernel/sched/.
#include <algorithm>
#include <charconv>
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

Errno SetGuestMemfdUffd(WorldConfig& config, std::string_view value) {
  return SetBool(&config.guest_memfd_uffd, value);
}

// Timing that the model does not have: every setting is as good as another.
Errno Accept(WorldConfig&, std::string_view) { return Errno::kOk; }

// /sys/kernel/mm/hugepages/hugepages-<kB>kB/nr_hugepages (set_max_huge_pages()): pages in use and
// promised ones stay.
constexpr std::string_view kHugepagesPrefix = "/sys/kernel/mm/hugepages/hugepages-";
constexpr std::string_view kHugepagesSuffix = "kB/nr_hugepages";

bool Number(std::string_view text, std::uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

Errno SetPoolSize(World& w, std::uint64_t kilobytes, std::string_view value) {
  std::uint64_t wanted = 0;
  if (!Number(value, &wanted)) return Errno::kEINVAL;
  for (const Hstate h : {Hstate::kPmd, Hstate::kPud}) {
    const unsigned order = w.arch->HugeOrder(SizeOf(h));
    if (order == 0 || PageSize(w) << order != kilobytes << 10) continue;
    HugePool& pool = w.huge_pool(h);
    const std::uint64_t kept = pool.total - pool.free + pool.reserved;
    const auto total = static_cast<std::uint32_t>(std::max(wanted, kept));
    pool.free = pool.free + total - pool.total;
    pool.total = total;
    return Errno::kOk;
  }
  return Errno::kENOENT;
}

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
    // No kernel has this file: it is the switch for an interface that was proposed.
    {"/sys/module/kvm/parameters/guest_memfd_uffd", &SetGuestMemfdUffd},
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
  if (path.starts_with(kHugepagesPrefix) && path.ends_with(kHugepagesSuffix)) {
    std::string_view size = path.substr(kHugepagesPrefix.size());
    size.remove_suffix(kHugepagesSuffix.size());
    std::uint64_t kilobytes = 0;
    const bool is_number = Number(size, &kilobytes);
    const Errno error = is_number ? SetPoolSize(w, kilobytes, value) : Errno::kENOENT;
    if (error != Errno::kOk) return Fail(t, error);
    t.outcome.status = Outcome::Status::kOk;
    return;
  }
  const auto* row = std::find_if(std::begin(kSettings), std::end(kSettings),
                                 [&](const Setting& s) { return s.path == path; });
  if (row == std::end(kSettings)) return Bad(t, "this file is not modelled");
  constexpr std::string_view kThp = "/sys/kernel/mm/transparent_hugepage/";
  if (path.starts_with(kThp) && !w.arch->SupportsThp()) return Fail(t, Errno::kENOENT);
  const bool numa = path.find("numa_balancing") != std::string_view::npos;
  if (numa && w.config.numa_nodes == 0) return Fail(t, Errno::kENOENT);
  const Errno error = row->set(w.config, value);
  if (error != Errno::kOk) return Fail(t, error);
  t.outcome.status = Outcome::Status::kOk;
}

}  // namespace uffdsim

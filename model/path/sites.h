// Sites: the small functions of steps that a seeded defect can replace one by one.
//
// Rows: sites.def. A step calls a site as `w.steps->site.<id>(...)`, so replacing one costs clean
// code an indirect call and no branch. Defects call the clean function by its own name.
// Owned by: StepTable (step_table.h), shared and immutable once a machine runs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/path/change_protection.h"
#include "model/path/device.h"
#include "model/path/fault_parts.h"
#include "model/path/follow_page.h"
#include "model/path/fork.h"
#include "model/path/huge.h"
#include "model/path/hugetlb.h"
#include "model/path/ksm.h"
#include "model/path/migrate.h"
#include "model/path/mremap.h"
#include "model/path/numa_hint.h"
#include "model/path/pagemap_scan.h"
#include "model/path/prot.h"
#include "model/path/release.h"
#include "model/path/rmap.h"
#include "model/path/swap_out.h"
#include "model/path/thp.h"
#include "model/path/thp_collapse.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/uffd_move.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {

struct SiteTable {
#define SITE(id, function, kernel, sentence) decltype(&function) id = &function;
#define MARK_SITE(id, function, reads, writes, kernel, sentence) \
  SITE(id, function, kernel, sentence)
#define FLUSH_SITE(id, kernel, sentence) SITE(id, FlushTlb, kernel, sentence)
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE
};

struct SiteRow {
  std::string_view name;
  std::string_view function;
  std::string_view kernel;  // file and function that it models
  std::string_view sentence;
  bool carries_mark;
};
std::span<const SiteRow> SiteRows();

}  // namespace uffdsim

#include "model/uffd/world.h"

namespace uffdsim {

World::World(const Arch& architecture, const WorldConfig& settings)
    : arch(&architecture), config(settings), contents(settings.content_mode) {
  huge_pool.total = settings.hugetlb_pages;
  huge_pool.free = settings.hugetlb_pages;
  files.resize(1);
  contexts.resize(1);
  tasks.resize(1);
  mms.emplace_back(architecture);
  mms[0].alive = true;
}

}  // namespace uffdsim

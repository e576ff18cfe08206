#include "model/uffd/world.h"

namespace uffdsim {

World::World(const Arch& architecture, const WorldConfig& settings)
    : arch(&architecture), config(settings), contents(settings.content_mode) {
  const std::array<std::uint32_t, kHstates> sizes = {settings.hugetlb_pages,
                                                     settings.gigantic_pages};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    huge_pools[i].total = sizes[i];
    huge_pools[i].free = sizes[i];
  }
  if (settings.caches_translations) tlbs.resize(1);
  files.resize(1);
  contexts.resize(1);
  tasks.reserve(2);  // most machines stay at one: no hole is left behind
  tasks.resize(1);
  mms.emplace_back(architecture);
  mms[0].alive = true;
}

}  // namespace uffdsim

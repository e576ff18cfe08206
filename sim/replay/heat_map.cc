#include "sim/replay/heat_map.h"

#include <algorithm>

namespace uffdsim {

HeatMap::HeatMap(std::uint32_t rows, std::uint32_t guest_pages)
    : was_(guest_pages, Was::kNeverThere) {
  data_.pages_per_row = std::max(1U, (guest_pages + rows - 1) / rows);
  data_.rows = (guest_pages + data_.pages_per_row - 1) / data_.pages_per_row;
}

void HeatMap::AddInterval(LinuxHost& host, const Truth& truth, std::uint64_t end_ns) {
  World& w = host.world();
  const Arch& arch = *w.arch;
  const std::uint32_t* const words = host.stage2().words();
  HeatMapData::Row touched(data_.rows);
  HeatMapData::Row armed(data_.rows);
  HeatMapData::Row evicted(data_.rows);
  HeatMapData::Row refetched(data_.rows);
  for (std::uint32_t page = 0; page < was_.size(); ++page) {
    const std::uint32_t row = page / data_.pages_per_row;
    const bool there = host.IsResident(page);
    const Truth::Cookie cookie = words[page] >> Stage2::kCookieShift;
    if (!there && Truth::NeverTouched(cookie)) continue;
    const bool now =
        there ? cookie == truth.interval() : truth.LastTouchOf(cookie) == truth.interval();
    touched[row] += now ? 1 : 0;
    if (there) {
      const Word pte = w.mm(MmId(0)).table.GetPte(host.base() + page);
      const bool open = !arch.None(Form::kPte, pte) && !arch.Protnone(Form::kPte, pte) &&
                        !arch.Uffd(Form::kPte, pte);
      armed[row] += open ? 0 : 1;
    }
    if (!there && was_[page] != Was::kEvicted) ++evicted[row];
    if (there && was_[page] == Was::kEvicted) ++refetched[row];
    was_[page] = there ? Was::kThere : Was::kEvicted;
  }
  data_.end_ns.push_back(end_ns);
  data_.touched.push_back(std::move(touched));
  data_.armed.push_back(std::move(armed));
  data_.evicted.push_back(std::move(evicted));
  data_.refetched.push_back(std::move(refetched));
}

}  // namespace uffdsim

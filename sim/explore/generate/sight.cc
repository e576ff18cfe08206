#include "sim/explore/generate/sight.h"

#include <optional>

#include "model/uffd/world.h"

namespace uffdsim {
namespace {

class Looker {
 public:
  explicit Looker(Executor& executor)
      : world_(executor.machine().world()), names_(executor.names()) {}

  Sight Look() {
    sight_.huge_pages = world_.arch->geometry().PmdPages();
    sight_.swap_on = world_.swap.on();
    for (const auto& process : names_.processes()) {
      if (world_.mm(process.second).alive) sight_.processes.push_back(process.first);
    }
    for (const auto& process : names_.processes()) LookAtAreas(process.first, process.second);
    LookAtContexts();
    LookAtFiles();
    return std::move(sight_);
  }

 private:
  std::uint64_t PageOf(std::uint64_t address) const { return address / names_.page_size(); }

  // A place as region and page; nothing outside the named slots.
  std::optional<std::pair<std::string, std::uint64_t>> PlaceOf(std::uint64_t address) const {
    const auto slot = names_.SlotOf(address);
    if (!slot) return std::nullopt;
    return std::pair(names_.RegionName(*slot), PageOf((address - kSlotBase) % kSlotBytes));
  }

  std::optional<std::uint32_t> NumberOf(MmId mm) const {
    for (const auto& process : names_.processes()) {
      if (process.second == mm) return process.first;
    }
    return std::nullopt;
  }

  // Who can use the context: its owner, and for a child's context whoever read the message.
  std::uint32_t HolderOf(CtxId id) const {
    const Context& ctx = world_.ctx(id);
    const MmId mm = ctx.parent == CtxId(0) ? ctx.mm : world_.ctx(ctx.parent).mm;
    return NumberOf(mm).value_or(0);
  }

  void LookAtAreas(std::uint32_t number, MmId mm) {
    for (const Vma& vma : world_.mm(mm).vmas.list()) {
      const auto place = PlaceOf(vma.start.value * names_.page_size());
      if (!place) continue;
      Area area;
      area.process = number;
      area.region = place->first;
      area.page = place->second;
      area.pages = vma.pages();
      area.hugetlb = vma.Hugetlb();
      area.anonymous = vma.Anonymous();
      area.shared = vma.Shared();
      area.writable = vma.Has(kVmWrite);
      area.huge = vma.Has(kVmHugepage) || (!area.hugetlb && area.pages >= sight_.huge_pages);
      if (vma.ctx != CtxId(0)) {
        area.uffd = names_.ContextName(vma.ctx);
        area.holder = HolderOf(vma.ctx);
        if (vma.UffdMissing()) area.modes |= kModeMissing;
        if (vma.UffdWp()) area.modes |= kModeWp;
        if (vma.UffdMinor()) area.modes |= kModeMinor;
        if (vma.UffdRwp()) area.modes |= kModeRwp;
      }
      sight_.areas.push_back(std::move(area));
    }
  }

  void LookAtContexts() {
    for (std::size_t i = 1; i < world_.contexts.size(); ++i) {
      const CtxId id(static_cast<std::uint16_t>(i));
      const Context& ctx = world_.ctx(id);
      if (!ctx.open || !ctx.initialised) continue;
      SeenUffd seen{names_.ContextName(id), HolderOf(id), ctx.features, !ctx.events.empty()};
      sight_.events_wait = sight_.events_wait || !ctx.events.empty();
      for (const Context::Waiter& waiter : ctx.faults) {
        seen.has_mail = seen.has_mail || !waiter.read;
        const auto place = PlaceOf(waiter.address);
        if (!place) continue;
        const Vma* vma = world_.mm(ctx.mm).vmas.Find(Vpn(PageOf(waiter.address)));
        sight_.waiters.push_back({seen.name, seen.holder, place->first, place->second,
                                  vma != nullptr && vma->Hugetlb(), waiter.flags});
      }
      sight_.uffds.push_back(std::move(seen));
    }
  }

  // Files that no memfd statement made have no name to use.
  void LookAtFiles() {
    for (std::size_t i = 1; i < world_.files.size(); ++i) {
      const File& file = world_.files[i];
      if (!file.memfd || file.size == 0) continue;
      sight_.files.push_back({names_.FileName(FileId(static_cast<std::uint16_t>(i))), file.size,
                              file.kind == FileKind::kHugetlb});
    }
  }

  const World& world_;
  const Names& names_;
  Sight sight_;
};

}  // namespace

Sight LookAround(Executor& executor) { return Looker(executor).Look(); }

}  // namespace uffdsim

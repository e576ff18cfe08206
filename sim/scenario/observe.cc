#include "sim/scenario/observe.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/json.h"

namespace uffdsim {
namespace {

constexpr std::size_t kPlacesShown = 6;

std::int64_t Number(std::uint64_t n) { return static_cast<std::int64_t>(n); }

bool SamePage(const PageView& a, const PageView& b, bool raw) {
  return a.pagemap == b.pagemap && a.scan == b.scan && a.mincore == b.mincore &&
         (!raw || (a.entry == b.entry && a.frame == b.frame));
}

class ObserveWriter {
 public:
  ObserveWriter(const Statement& statement, const Names& names)
      : statement_(statement), names_(names), raw_((statement.flags & kOpRaw) != 0) {}

  void Write(int index, const std::vector<ObservedProcess>& processes);
  const std::string& text() const { return j_.text(); }

 private:
  bool Wanted(std::size_t slot) const {
    const auto& regions = statement_.regions;
    return regions.empty() ||
           std::find(regions.begin(), regions.end(), names_.RegionName(slot)) != regions.end();
  }
  bool Wanted(const ObservedProcess& process) const {
    return !statement_.Has(Role::kObservedProcess) || statement_.observed == process.number;
  }
  std::uint64_t PageIn(std::uint64_t address) const {
    return (address - kSlotBase) % kSlotBytes / names_.page_size();
  }

  void WriteProcess(const ObservedProcess& process);
  void WriteRegion(const ProcessView& process, std::size_t slot);
  void WriteVma(const VmaView& vma);
  void WritePages(const VmaView& vma);
  void WriteAliases(const std::vector<ObservedProcess>& processes);

  const Statement& statement_;
  const Names& names_;
  bool raw_;
  JsonWriter j_;
};

void ObserveWriter::WriteVma(const VmaView& vma) {
  j_.Object([&] {
    j_.Field("page", Number(PageIn(vma.start)));
    j_.Field("count", Number((vma.end - vma.start) / names_.page_size()));
    j_.Field("prot", vma.prot);
    j_.Field("flags", vma.flags);
    j_.Field("rss", Number(vma.rss_pages));
    j_.Field("swap", Number(vma.swap_pages));
    j_.Field("anon", Number(vma.anon_pages));
    j_.Field("huge", Number(vma.huge_pages));
  });
}

// Runs of equal pages; a run never crosses a VMA's end.
void ObserveWriter::WritePages(const VmaView& vma) {
  std::size_t first = 0;
  while (first < vma.pages.size()) {
    const PageView& page = vma.pages[first];
    std::size_t last = first + 1;
    while (last < vma.pages.size() && SamePage(page, vma.pages[last], raw_)) ++last;
    j_.Object([&] {
      j_.Field("page", Number(PageIn(vma.start) + first));
      j_.Field("count", Number(last - first));
      j_.Field("pagemap", page.pagemap);
      j_.Field("scan", page.scan);
      j_.Field("mincore", page.mincore ? 1 : 0);
      if (raw_) {
        j_.Field("entry", page.entry);
        j_.Field("frame", page.frame);
      }
    });
    first = last;
  }
}

void ObserveWriter::WriteRegion(const ProcessView& process, std::size_t slot) {
  std::vector<const VmaView*> vmas;
  for (const VmaView& vma : process.vmas) {
    if (names_.SlotOf(vma.start) == slot) vmas.push_back(&vma);
  }
  if (vmas.empty()) return;
  j_.Object(names_.RegionName(slot), [&] {
    j_.Array("vmas", [&] {
      for (const VmaView* vma : vmas) WriteVma(*vma);
    });
    j_.Array("pages", [&] {
      for (const VmaView* vma : vmas) WritePages(*vma);
    });
  });
}

void ObserveWriter::WriteProcess(const ObservedProcess& process) {
  j_.Object([&] {
    j_.Field("process", process.number);
    j_.Object("regions", [&] {
      for (std::size_t slot = 0; slot < names_.regions(); ++slot) {
        if (Wanted(slot)) WriteRegion(*process.view, slot);
      }
    });
    j_.Object("uffd", [&] {
      for (const NamedUffd& uffd : process.uffds) {
        j_.Object(uffd.name, [&] {
          j_.Field("pending", Number(uffd.view.pending));
          j_.Field("total", Number(uffd.view.total));
          j_.Field("features", absl::StrFormat("0x%x", uffd.view.features));
        });
      }
    });
  });
}

// Where a frame is mapped, in the order in which places are listed.
struct Mapping {
  Pfn pfn;
  std::uint32_t process;
  std::uint64_t address;
};

// A frame that is mapped more than once.
struct Alias {
  std::vector<Mapping> places;

  // Whether `next` continues a run: every place one page further.
  bool Precedes(const Alias& next, std::uint64_t run, std::uint64_t page_size) const {
    if (places.size() != next.places.size()) return false;
    for (std::size_t i = 0; i < std::min(places.size(), kPlacesShown); ++i) {
      const Mapping& a = places[i];
      const Mapping& b = next.places[i];
      if (a.process != b.process || a.address + run * page_size != b.address) return false;
    }
    return true;
  }
};

std::vector<Alias> FindAliases(std::vector<Mapping> mappings) {
  const auto place = [](const Mapping& m) { return std::tie(m.process, m.address); };
  std::sort(mappings.begin(), mappings.end(), [&](const Mapping& a, const Mapping& b) {
    return a.pfn != b.pfn ? a.pfn < b.pfn : place(a) < place(b);
  });
  std::vector<Alias> aliases;
  for (std::size_t i = 0; i < mappings.size();) {
    std::size_t end = i;
    while (end < mappings.size() && mappings[end].pfn == mappings[i].pfn) ++end;
    if (end - i > 1) {
      const auto begin = mappings.begin() + static_cast<std::ptrdiff_t>(i);
      aliases.push_back({{begin, mappings.begin() + static_cast<std::ptrdiff_t>(end)}});
    }
    i = end;
  }
  std::sort(aliases.begin(), aliases.end(), [&](const Alias& a, const Alias& b) {
    return place(a.places.front()) < place(b.places.front());
  });
  return aliases;
}

void ObserveWriter::WriteAliases(const std::vector<ObservedProcess>& processes) {
  std::vector<Mapping> mappings;
  for (const ObservedProcess& process : processes) {
    if (!Wanted(process)) continue;
    for (const VmaView& vma : process.view->vmas) {
      const auto slot = names_.SlotOf(vma.start);
      if (!slot || !Wanted(*slot)) continue;
      for (std::size_t i = 0; i < vma.pages.size(); ++i) {
        if (!vma.pages[i].has_frame) continue;
        mappings.push_back({vma.pages[i].pfn, process.number, vma.start + i * names_.page_size()});
      }
    }
  }
  const std::vector<Alias> aliases = FindAliases(std::move(mappings));
  if (aliases.empty()) return;
  j_.Array("aliases", [&] {
    for (std::size_t i = 0; i < aliases.size();) {
      std::size_t end = i + 1;
      while (end < aliases.size() &&
             aliases[i].Precedes(aliases[end], end - i, names_.page_size())) {
        ++end;
      }
      j_.Array([&] {
        j_.Value(Number(end - i));
        j_.Value(Number(aliases[i].places.size()));
        for (std::size_t p = 0; p < std::min(aliases[i].places.size(), kPlacesShown); ++p) {
          const Mapping& m = aliases[i].places[p];
          j_.Value(absl::StrCat(m.process, ":", names_.Place(m.address)));
        }
      });
      i = end;
    }
  });
}

void ObserveWriter::Write(int index, const std::vector<ObservedProcess>& processes) {
  j_.Object([&] {
    j_.Field("i", index);
    j_.Field("process", statement_.process);
    j_.Field("op", "observe");
    j_.Array("processes", [&] {
      for (const ObservedProcess& process : processes) {
        if (Wanted(process)) WriteProcess(process);
      }
    });
    if (raw_) WriteAliases(processes);
  });
}

}  // namespace

std::string ObserveJson(int index, const Statement& statement,
                        const std::vector<ObservedProcess>& processes, const Names& names) {
  ObserveWriter writer(statement, names);
  writer.Write(index, processes);
  return writer.text();
}

const PageView* FindPage(const ProcessView& process, std::uint64_t address,
                         std::uint64_t page_size) {
  for (const VmaView& vma : process.vmas) {
    if (address < vma.start || address >= vma.end) continue;
    const auto index = static_cast<std::size_t>((address - vma.start) / page_size);
    return index < vma.pages.size() ? &vma.pages[index] : nullptr;
  }
  return nullptr;
}

}  // namespace uffdsim

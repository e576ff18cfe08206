// Mappings, files and processes.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

constexpr std::size_t kMostAreas = 12;
constexpr std::size_t kMostProcesses = 3;

// Lengths that are small, or about a huge page.
std::uint64_t SomeLength(Draw& d, bool hugetlb) {
  const std::uint64_t huge = d.sight().huge_pages;
  if (hugetlb) return huge * d.Between(1, 2);
  return d.Pick(std::vector<std::uint64_t>{4, 8, 16, 24});
}

const SeenFile* AnyFile(Draw& d) {
  return d.sight().files.empty() ? nullptr : &d.Pick(d.sight().files);
}

// "M 3 2" in a file; whole huge pages in a hugetlb file.
std::string FileRange(Draw& d, const SeenFile& file) {
  const std::uint64_t unit = file.hugetlb ? d.sight().huge_pages : 1;
  const std::uint64_t units = std::max<std::uint64_t>(file.pages / unit, 1);
  const std::uint64_t first = d.Below(units);
  const std::uint64_t length = d.Chance(60) ? 1 : d.Between(1, units - first);
  return absl::StrCat(file.name, " ", first * unit, " ", length * unit);
}

}  // namespace

std::string DrawMap(Draw& d) {
  if (d.sight().areas.size() >= kMostAreas) return "";
  const std::uint32_t process = d.swarm().processes ? d.Pick(d.sight().processes) : 0;
  const SeenFile* file = AnyFile(d);
  if (file != nullptr && d.Chance(50)) {
    return absl::StrCat(Draw::In(process), "map ", d.FreshName("R"), " ",
                        d.Word({"shared", "private"}), " ", file->pages, " mem=", file->name);
  }
  const std::string kind = d.Pick(d.swarm().kinds);
  if (kind == "shared" || kind == "private" || kind == "hugefile") return "";
  const bool hugetlb = kind == "hugeanon" || kind == "hugeshared";
  return absl::StrCat(Draw::In(process), "map ", d.FreshName("R"), " ", kind, " ",
                      SomeLength(d, hugetlb), d.Chance(10) ? " populate" : "");
}

std::string DrawMunmap(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr || d.sight().areas.size() < 2) return "";
  return absl::StrCat(Draw::In(area->process), "munmap ", d.Range(*area));
}

std::string DrawMremap(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr || d.sight().areas.size() >= kMostAreas) return "";
  const std::string in = Draw::In(area->process);
  if (d.Chance(15)) {
    return absl::StrCat(in, "mremap ", d.Whole(*area), " ",
                        std::max<std::uint64_t>(area->pages / 2, 1), " -");
  }
  const std::string range = d.Chance(60) ? d.Whole(*area) : d.Range(*area);
  const std::string length = range.substr(range.rfind(' ') + 1);
  std::string target = absl::StrCat(d.FreshName("R"), " 0");
  if (d.Chance(20)) {
    const Area* onto = d.Where([&](const Area& a) {
      return a.process == area->process && a.region != area->region && a.hugetlb == area->hugetlb;
    });
    if (onto != nullptr) target = absl::StrCat(onto->region, " ", onto->page);
  }
  return absl::StrCat(in, "mremap ", range, " ", length, " ", target,
                      d.Chance(25) ? " dontunmap" : "");
}

std::string DrawMprotect(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "mprotect ", d.Range(*area), " ",
                      d.Chance(45) ? std::string("rw") : d.Word({"r", "none", "rwx", "r"}));
}

std::string DrawMseal(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr || !d.swarm().errors) return "";
  return absl::StrCat(Draw::In(area->process), "mseal ", d.Range(*area));
}

std::string DrawLock(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  const std::string range = d.Range(*area);
  if (d.Chance(40)) return absl::StrCat(Draw::In(area->process), "munlock ", range);
  return absl::StrCat(Draw::In(area->process), "mlock ", range, d.Chance(40) ? " onfault" : "");
}

std::string DrawPunch(Draw& d) {
  const SeenFile* file = AnyFile(d);
  return file == nullptr ? "" : absl::StrCat("fallocate ", FileRange(d, *file), " punch");
}
std::string DrawAllocate(Draw& d) {
  const SeenFile* file = AnyFile(d);
  return file == nullptr ? "" : absl::StrCat("fallocate ", FileRange(d, *file), " alloc");
}
std::string DrawTruncate(Draw& d) {
  const SeenFile* file = AnyFile(d);
  if (file == nullptr) return "";
  const std::uint64_t unit = file->hugetlb ? d.sight().huge_pages : 1;
  const std::uint64_t units = file->pages / unit;
  return absl::StrCat("ftruncate ", file->name, " ", d.Between(1, units + 1) * unit);
}
std::string DrawFileRead(Draw& d) {
  const SeenFile* file = AnyFile(d);
  if (file == nullptr || file->hugetlb) return "";
  return absl::StrCat("fread ", FileRange(d, *file));
}
std::string DrawFileWrite(Draw& d) {
  const SeenFile* file = AnyFile(d);
  if (file == nullptr || file->hugetlb) return "";
  return absl::StrCat("fwrite ", file->name, " ", d.Below(file->pages), " ", d.Byte());
}

std::string DrawFork(Draw& d) {
  if (d.sight().processes.size() >= kMostProcesses) return "";
  const std::uint32_t parent = d.swarm().processes ? d.Pick(d.sight().processes) : 0;
  std::uint32_t child = 1;
  const auto& taken = d.sight().processes;
  while (std::find(taken.begin(), taken.end(), child) != taken.end()) ++child;
  return absl::StrCat(Draw::In(parent), "fork ", child);
}

std::string DrawExit(Draw& d) {
  const std::uint32_t process = d.Pick(d.sight().processes);
  return process == 0 ? "" : absl::StrCat("exit ", process);
}

}  // namespace uffdsim

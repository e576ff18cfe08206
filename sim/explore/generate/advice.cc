// madvise() of every kind, huge pages, swap, migration, KSM.
#include "absl/strings/str_cat.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

std::string Advise(Draw& d, const Area* area, const std::string& advice) {
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "madvise ", d.Range(*area), " ", advice);
}

std::string AdviseAny(Draw& d, const std::string& advice) { return Advise(d, d.AnyArea(), advice); }

const Area* Huge(Draw& d) {
  return d.Where([&](const Area& a) { return a.huge && a.pages >= d.sight().huge_pages; });
}

}  // namespace

std::string DrawDontneed(Draw& d) {
  return AdviseAny(d, d.Chance(90) ? "DONTNEED" : "DONTNEED_LOCKED");
}
std::string DrawFree(Draw& d) { return AdviseAny(d, "FREE"); }
std::string DrawRemove(Draw& d) {
  return Advise(d, d.Where([](const Area& a) { return a.shared; }), "REMOVE");
}
std::string DrawCold(Draw& d) { return AdviseAny(d, d.Word({"COLD", "WILLNEED"})); }
std::string DrawPopulate(Draw& d) {
  return AdviseAny(d, d.Word({"POPULATE_READ", "POPULATE_WRITE"}));
}
std::string DrawAttribute(Draw& d) {
  return AdviseAny(d, d.Word({"NORMAL", "RANDOM", "SEQUENTIAL", "DONTDUMP", "DODUMP"}));
}
std::string DrawForkAdvice(Draw& d) {
  return AdviseAny(d, d.Word({"DONTFORK", "DOFORK", "WIPEONFORK", "KEEPONFORK"}));
}
std::string DrawGuard(Draw& d) { return AdviseAny(d, d.Word({"GUARD_INSTALL", "GUARD_REMOVE"})); }

std::string DrawHugeAdvice(Draw& d) {
  const Area* area = d.Where([&](const Area& a) { return a.pages >= d.sight().huge_pages; });
  return Advise(d, area, d.Chance(80) ? "HUGEPAGE" : "NOHUGEPAGE");
}

std::string DrawCollapse(Draw& d) {
  const Area* area = Huge(d);
  if (area == nullptr) return d.Chance(20) ? AdviseAny(d, "COLLAPSE") : "";
  return absl::StrCat(Draw::In(area->process), "madvise ", d.Whole(*area), " COLLAPSE");
}

std::string DrawHugeSettings(Draw& d) {
  const std::string folder = "/sys/kernel/mm/transparent_hugepage/";
  switch (d.Below(3)) {
    case 0:
      return absl::StrCat("sysfs ", folder, "enabled ", d.Word({"always", "madvise", "never"}));
    case 1: return absl::StrCat("sysfs ", folder, "use_zero_page ", d.Below(2));
    default:
      return absl::StrCat("sysfs ", folder, "shmem_enabled ",
                          d.Word({"advise", "always", "never", "within_size"}));
  }
}

std::string DrawPageout(Draw& d) {
  if (!d.sight().swap_on && d.Chance(70)) return "";
  return AdviseAny(d, "PAGEOUT");
}
std::string DrawSwapDevice(Draw& d) { return d.sight().swap_on ? "swapoff" : "swapon"; }
std::string DrawDropCaches(Draw& d) { return absl::StrCat("drop_caches ", d.Between(1, 3)); }

std::string DrawMigrate(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "migrate ", d.Range(*area), " ",
                      d.Chance(15) ? std::string("query") : absl::StrCat(d.Below(2)),
                      d.Chance(30) ? " all" : "");
}

std::string DrawMbind(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  constexpr std::uint64_t kBind = 2;
  return absl::StrCat(Draw::In(area->process), "mbind ", d.Range(*area), " ",
                      d.Chance(80) ? kBind : 0, " ", d.Between(1, 2), " ",
                      d.Pick(std::vector<int>{0, 2, 3}));
}

std::string DrawCompact(Draw&) { return "compact"; }
std::string DrawSoftOffline(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "madvise ", d.Page(*area), " 1 SOFT_OFFLINE");
}

std::string DrawMergeable(Draw& d) {
  return Advise(d, d.Where([](const Area& a) { return !a.shared && !a.hugetlb; }),
                d.Chance(75) ? "MERGEABLE" : "UNMERGEABLE");
}

std::string DrawKsm(Draw& d) { return absl::StrCat("ksm ", d.Chance(75) ? "run" : "unmerge"); }

// The same byte in several pages: what KSM merges.
std::string DrawSameBytes(Draw& d) {
  const Area* area = d.Where([](const Area& a) { return !a.shared && !a.hugetlb; });
  if (area == nullptr) return "";
  const std::string few = d.Range(*area);
  const std::size_t last = few.rfind(' ');
  return absl::StrCat(Draw::In(area->process), "write ", few.substr(0, last), " ",
                      d.Chance(80) ? 7 : 0, few.substr(last));
}

}  // namespace uffdsim

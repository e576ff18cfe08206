// UFFDIO_COPY and its sisters, UFFDIO_MOVE, PAGEMAP_SCAN, clear_refs.
#include "absl/strings/str_cat.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

const Area* Registered(Draw& d) {
  return d.Where([](const Area& a) { return !a.uffd.empty(); });
}

std::string Fill(Draw& d, const std::string& verb, const std::string& tail) {
  const Area* area = Registered(d);
  if (area == nullptr) return "";
  std::string line = absl::StrCat(d.As(*area), verb, " ", area->uffd, " ",
                                  area->hugetlb ? d.Range(*area) : d.Few(*area), tail);
  if ((area->modes & kModeWp) != 0 && d.Chance(40)) absl::StrAppend(&line, " wp");
  if (d.Chance(8)) absl::StrAppend(&line, " dontwake");
  return line;
}

// What says whether a page was touched.
const char* Touched(Draw& d) { return d.swarm().lacks.rwp ? "written" : "accessed"; }

// PAGE_IS_*, with a preference for what is about protection.
std::string Categories(Draw& d, std::uint64_t percent) {
  return d.Some({"wpallowed", "written", "file", "present", "swapped", "pfnzero", "huge",
                 "soft_dirty", "guard", Touched(d)},
                percent);
}

void AppendMask(Draw& d, const std::string& keyword, std::uint64_t percent, std::string* line) {
  const std::string mask = Categories(d, percent);
  if (!mask.empty()) absl::StrAppend(line, " ", keyword, "=", mask);
}

std::string Scan(Draw& d, const Area& area) {
  std::string line = absl::StrCat(Draw::In(area.process), "scan ", d.Range(area));
  const std::uint64_t kind = d.Below(4);
  if (kind == 0) absl::StrAppend(&line, " category=", Touched(d));
  if (kind == 1) absl::StrAppend(&line, " category=present,", Touched(d), " inverted=", Touched(d));
  if (kind == 2) {
    AppendMask(d, "category", 15, &line);
    AppendMask(d, "inverted", 10, &line);
    AppendMask(d, "anyof", 15, &line);
  }
  if (d.Chance(25)) AppendMask(d, "return", 30, &line);
  if (d.Chance(20)) absl::StrAppend(&line, " vec=", d.Between(1, 3));
  if (d.Chance(20)) absl::StrAppend(&line, " max=", d.Between(1, 8));
  if (d.swarm().errors && d.Chance(4)) absl::StrAppend(&line, " size=64");
  return line;
}

}  // namespace

std::string DrawCopy(Draw& d) { return Fill(d, "copy", absl::StrCat(" ", d.Byte())); }
std::string DrawZeropage(Draw& d) { return Fill(d, "zeropage", ""); }
std::string DrawContinue(Draw& d) { return Fill(d, "continue", ""); }
std::string DrawPoison(Draw& d) { return Fill(d, "poison", ""); }

std::string DrawMove(Draw& d) {
  const Area* to = d.Where([](const Area& a) { return !a.uffd.empty() && a.anonymous; });
  if (to == nullptr) return "";
  const Area* from = d.Where(
      [&](const Area& a) { return a.process == to->process && (a.anonymous || d.Chance(5)); });
  if (from == nullptr) return "";
  const std::string range = d.Range(*to);
  const std::size_t last = range.rfind(' ');
  return absl::StrCat(d.As(*to), "move ", to->uffd, " ", range.substr(0, last), " ", d.Page(*from),
                      range.substr(last), d.Chance(30) ? " holes" : "",
                      d.Chance(8) ? " dontwake" : "");
}

std::string DrawScan(Draw& d) {
  const Area* area = d.AnyArea();
  return area == nullptr ? "" : Scan(d, *area);
}

std::string DrawScanAndProtect(Draw& d) {
  const Area* area = d.Where([](const Area& a) { return (a.modes & kModeWp) != 0; });
  if (area == nullptr) return "";
  if (d.Chance(50)) {
    return absl::StrCat(Draw::In(area->process), "scan ", d.Range(*area),
                        " category=written return=written flags=wp_matching,check_wpasync");
  }
  return absl::StrCat(Scan(d, *area), " flags=wp_matching", d.Chance(50) ? ",check_wpasync" : "");
}

std::string DrawClearRefs(Draw& d) {
  return absl::StrCat(Draw::In(d.Pick(d.sight().processes)), "clear_refs ", d.Between(1, 5));
}

}  // namespace uffdsim

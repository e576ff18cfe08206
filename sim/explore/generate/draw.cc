#include "sim/explore/generate/draw.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace uffdsim {

std::string Draw::Some(std::initializer_list<std::string_view> words, std::uint64_t percent) {
  std::string some;
  for (const std::string_view word : words) {
    if (Chance(percent)) absl::StrAppend(&some, some.empty() ? "" : ",", std::string(word));
  }
  return some;
}

Draw::Span Draw::SpanIn(const Area& area) {
  const std::uint64_t huge = sight_.huge_pages;
  const bool misaligned = swarm_.errors && Chance(6);
  if (area.hugetlb && !misaligned) {
    const std::uint64_t count = std::max<std::uint64_t>(area.pages / huge, 1);
    const std::uint64_t first = Below(count);
    const std::uint64_t some = Chance(60) ? 1 : Between(1, count - first);
    return {area.page + first * huge, some * huge};
  }
  const bool beyond = swarm_.errors && Chance(4);
  if (area.pages > 2 * 32 && Chance(40)) {
    // A huge page as a whole, or what is around its ends.
    const std::uint64_t first = Below(area.pages / huge + 1) * huge;
    if (first + huge <= area.pages && Chance(50)) return {area.page + first, huge};
    const std::uint64_t start = std::min(first + Below(3), area.pages - 1);
    return {area.page + start, std::min<std::uint64_t>(Between(1, 3), area.pages - start)};
  }
  const std::uint64_t most = std::min<std::uint64_t>(area.pages, 24);
  const std::uint64_t first = Below(most);
  const std::uint64_t left = most - first;
  const std::uint64_t length = Chance(50) ? 1 : Between(1, left);
  return {area.page + first, length + (beyond ? area.pages : 0)};
}

std::string Draw::Range(const Area& area) {
  if (Chance(25)) return Whole(area);
  const Span span = SpanIn(area);
  return absl::StrCat(area.region, " ", span.page, " ", span.pages);
}

std::string Draw::Whole(const Area& area) {
  return absl::StrCat(area.region, " ", area.page, " ", area.pages);
}

std::string Draw::Page(const Area& area) {
  if (area.pages > 32 && Chance(60)) {
    // Where huge pages begin and end.
    const std::uint64_t edge = Below(area.pages / sight_.huge_pages + 1) * sight_.huge_pages;
    return absl::StrCat(area.region, " ", area.page + std::min(edge + Below(2), area.pages - 1));
  }
  return absl::StrCat(area.region, " ", area.page + Below(area.pages));
}

std::string Draw::Few(const Area& area) {
  const Span span = SpanIn(area);
  const std::uint64_t pages = Chance(70) ? 1 : std::min<std::uint64_t>(span.pages, 4);
  return absl::StrCat(area.region, " ", span.page, " ", pages);
}

std::string Draw::In(std::uint32_t process) {
  return process == 0 ? "" : absl::StrCat("@", process, " ");
}

std::string Draw::FreshName(const std::string& letter) {
  for (int number = 1;; ++number) {
    std::string name = absl::StrCat(letter, number);
    const bool taken = std::any_of(sight_.areas.begin(), sight_.areas.end(),
                                   [&](const Area& area) { return area.region == name; }) ||
                       std::any_of(sight_.uffds.begin(), sight_.uffds.end(),
                                   [&](const SeenUffd& uffd) { return uffd.name == name; }) ||
                       std::any_of(sight_.files.begin(), sight_.files.end(),
                                   [&](const SeenFile& file) { return file.name == name; });
    if (!taken) return name;
  }
}

}  // namespace uffdsim

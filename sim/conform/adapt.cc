#include "sim/conform/adapt.h"

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

using nlohmann::json;

constexpr std::uint64_t kAllFeatures = (std::uint64_t{1} << 19) - 1;
constexpr std::uint64_t kFeatureRwp = std::uint64_t{1} << 17;
constexpr std::uint64_t kRwpIoctls = std::uint64_t{1} << 9 | std::uint64_t{1} << 10;

// Their huge_pte_offset() finds no entry where a hugetlb mapping has no page yet, so that
// PAGEMAP_SCAN takes it for a hole; elsewhere it finds an empty one, which is HUGE.
bool EmptyHugetlbIsHole(const std::string& arch) {
  return arch == "ppc64le" || arch == "loongarch64";
}
bool Empty(const std::string& categories) {
  return categories.find_first_of("ps") == std::string::npos;
}

bool Has(const KernelRun& run, std::string_view ability) {
  return run.lacks.find(ability) == std::string::npos;
}

void MaskNumber(json& record, const char* field, std::uint64_t mask) {
  const auto at = record.find(field);
  if (at == record.end() || !at->is_string()) return;
  const std::uint64_t value = std::strtoull(at->get<std::string>().c_str(), nullptr, 16);
  *at = absl::StrFormat("0x%x", value & mask);
}

void Hide(json& object, const char* field, char letter) {
  const auto at = object.find(field);
  if (at == object.end() || !at->is_string()) return;
  std::string text = at->get<std::string>();
  for (char& c : text) c = c == letter ? '-' : c;
  *at = text;
}

// "rd wr sd" without "sd".
void DropFlag(json& vma, const std::string& flag) {
  const auto at = vma.find("flags");
  if (at == vma.end()) return;
  std::string text = " " + at->get<std::string>() + " ";
  if (const std::size_t place = text.find(" " + flag + " "); place != std::string::npos) {
    text.erase(place, flag.size() + 1);
  }
  *at = text.substr(1, text.size() - 2);
}

bool IsHugetlb(const json& region) {
  for (const json& vma : region.value("vmas", json::array())) {
    if ((vma.value("flags", "") + " ").find(" ht ") != std::string::npos) return true;
  }
  return false;
}

class Adapter {
 public:
  explicit Adapter(const KernelRun& run)
      : run_(run), rwp_((run.offered & kFeatureRwp) != 0), soft_dirty_(Has(run, "soft-dirty")) {}

  void Change(json& record) const {
    if (!record.is_object()) return;
    if (record.value("op", "") == "uffd") MaskNumber(record, "features", run_.offered);
    if (!rwp_) MaskNumber(record, "ioctls", ~kRwpIoctls);
    if (!Has(run_, "page-tables")) record.erase("aliases");
    // Without memory failure handling, poison is an ordinary bus error.
    if (!Has(run_, "memory-failure") && record.value("code", "") == "MCEERR_AR") {
      record["code"] = "ADRERR";
    }
    for (const char* list : {"regions", "resumed"}) {
      const auto at = record.find(list);
      if (at == record.end() || !at->is_array()) continue;
      for (json& element : *at) ChangeRun(element), Change(element);
    }
    const auto processes = record.find("processes");
    if (processes == record.end()) return;
    for (json& process : *processes) {
      for (json& region : process["regions"]) ChangeRegion(region);
    }
  }

 private:
  void ChangeRun(json& run) const {
    // Before 7.3 a page that cannot be write-protected counted as written.
    if (!rwp_ && run.value("scan", "").find('a') == std::string::npos) Hide(run, "scan", 'w');
    for (const char* field : {"scan", "categories"}) {
      if (!rwp_) Hide(run, field, 'A');
      if (!soft_dirty_) Hide(run, field, 'd');
      if (EmptyHugetlbIsHole(run_.arch) && Empty(run.value(field, ""))) Hide(run, field, 'h');
    }
    if (!soft_dirty_) Hide(run, "pagemap", 'D');
    if (!Has(run_, "page-tables")) {
      run.erase("entry");
      run.erase("frame");
    }
  }
  void ChangeRegion(json& region) const {
    for (json& vma : region["vmas"]) {
      if (!soft_dirty_) DropFlag(vma, "sd");
    }
    for (json& run : region["pages"]) {
      ChangeRun(run);
      // mincore() of a hole asks the page cache.
      if (EmptyHugetlbIsHole(run_.arch) && IsHugetlb(region) && Empty(run.value("scan", ""))) {
        run.erase("mincore");
      }
    }
  }

  const KernelRun& run_;
  bool rwp_;
  bool soft_dirty_;
};

}  // namespace

bool ShowsEverything(const KernelRun& run) {
  return run.lacks.empty() && (run.offered & kAllFeatures) == kAllFeatures;
}

void Adapt(const KernelRun& run, std::string* kernel, std::string* model) {
  const Adapter adapter(run);
  for (std::string* text : {kernel, model}) {
    json record = json::parse(*text, nullptr, false);
    if (record.is_discarded()) continue;
    adapter.Change(record);
    *text = record.dump();
  }
}

}  // namespace uffdsim

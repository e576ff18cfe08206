#include "tests/policy/policy_harness.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "model/base/check.h"
#include "model/base/rng.h"

namespace uffdsim::testing {

std::string GoldenFolder() {
  const char* folder = std::getenv("UFFDSIM_GOLDEN_POLICIES");
  if (folder != nullptr) return folder;
  return std::string(UFFDSIM_SOURCE_DIR) + "/../shared/golden/policies";
}

std::optional<References> ReadOracleGeneral(const std::string& path) {
  constexpr std::size_t kRecord = 24;
  constexpr std::size_t kObjectAt = 4;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  References references;
  std::unordered_map<std::uint64_t, PageId> numbers;
  char record[kRecord];
  while (file.read(record, kRecord)) {
    std::uint64_t object = 0;
    for (std::size_t i = 0; i < sizeof object; ++i) {
      object |= static_cast<std::uint64_t>(static_cast<unsigned char>(record[kObjectAt + i]))
                << (8 * i);
    }
    const auto [entry, fresh] = numbers.try_emplace(object, references.page_count);
    if (fresh) ++references.page_count;
    references.pages.push_back(entry->second);
  }
  return references;
}

std::vector<RecordedMisses> ReadRecordedMisses(const std::string& path) {
  std::vector<RecordedMisses> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // the header
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    RecordedMisses row;
    std::string field;
    std::getline(fields, row.policy, ',');
    std::getline(fields, field, ',');
    row.capacity = std::stoull(field);
    std::getline(fields, field, ',');
    row.misses = std::stoull(field);
    std::getline(fields, field, ',');  // misses_max, equal where the row is deterministic
    std::getline(fields, field, ',');
    row.deterministic = field == "yes";
    rows.push_back(row);
  }
  return rows;
}

std::unique_ptr<Policy> MakeFor(std::string_view policy, const References& references,
                                std::uint64_t capacity, std::uint64_t seed,
                                std::span<const std::uint32_t> next_use) {
  const absl::StatusOr<PolicyChoice> choice = ParsePolicy(policy);
  UFFDSIM_CHECK(choice.ok());
  PolicySetting setting;
  setting.page_count = references.page_count;
  setting.capacity = capacity;
  setting.seed = seed;
  setting.next_use = next_use;
  return MakePolicy(*choice, setting);
}

std::uint64_t Misses(std::string_view policy, const References& references, std::uint64_t capacity,
                     std::uint64_t seed) {
  const std::vector<std::uint32_t> next_use = NextUses(references.pages, references.page_count);
  return MakeFor(policy, references, capacity, seed, next_use)->OnAccesses(references.pages);
}

std::vector<PageId> Victims(std::string_view policy, const References& references,
                            std::uint64_t capacity) {
  const std::vector<std::uint32_t> next_use = NextUses(references.pages, references.page_count);
  const std::unique_ptr<Policy> run = MakeFor(policy, references, capacity, 1, next_use);
  std::vector<PageId> victims;
  for (const PageId page : references.pages) {
    if (run->IsResident(page)) {
      run->OnHits({&page, 1});
    } else {
      victims.push_back(run->OnMiss(page));
    }
  }
  return victims;
}

References RandomReferences(std::uint64_t seed, std::uint32_t page_count, std::size_t length) {
  Rng rng(seed);
  References references;
  references.page_count = page_count;
  while (references.pages.size() < length) {
    if (rng.Below(50) == 0) {
      // A scan: what separates policies that remember from those that only queue.
      PageId page = static_cast<PageId>(rng.Below(page_count));
      for (std::uint64_t left = rng.Below(page_count) + 1; left > 0; --left) {
        references.pages.push_back(page);
        page = (page + 1) % page_count;
      }
    }
    // The smaller of three draws is skewed towards low numbers.
    const std::uint64_t draw =
        std::min({rng.Below(page_count), rng.Below(page_count), rng.Below(page_count)});
    references.pages.push_back(static_cast<PageId>(draw));
  }
  references.pages.resize(length);
  return references;
}

}  // namespace uffdsim::testing

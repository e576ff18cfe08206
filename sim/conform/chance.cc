#include "sim/conform/chance.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace uffdsim {
namespace {

using nlohmann::json;

constexpr char kArm64[] = "aarch64";
constexpr std::string_view kBalancing = "/proc/sys/kernel/numa_balancing";
// Present or not, writable (arm64: read-only), young, and the places of the dirty bit while it may
// not be written.
constexpr std::string_view kChangedByHints = "PNWRADZ";

bool IsNumber(char c) { return c >= '0' && c <= '9'; }

bool Has(std::string_view letters, char letter) { return letters.find(letter) != letters.npos; }

// arm64: writable and not read-only is dirty, whatever the software's bit says.
void HideMove(std::string* entry) {
  if (Has(*entry, 'P') && Has(*entry, 'W') && !Has(*entry, 'R')) std::erase(*entry, 'D');
}

// A page of a file: its folio may be dirty because it was moved, and an entry is made as its folio
// is.
void HideFolioDirty(std::string* entry) {
  if (!Has(*entry, 'P') || !Has(*entry, 'W')) return;
  std::erase(*entry, 'D');
  std::erase(*entry, 'M');
}

// Young and dirty, also as it is kept while the entry may not be written.
void HideFreed(std::string* entry) {
  if (!Has(*entry, 'P')) return;
  for (const char letter : {'A', 'D', 'Z'}) std::erase(*entry, letter);
}

bool OfFile(const json& page) {
  const auto pagemap = page.find("pagemap");
  return pagemap != page.end() && pagemap->is_string() &&
         Has(pagemap->get_ref<const std::string&>(), 'F');
}

void HideHint(std::string* entry) {
  std::size_t start = 0;
  while (start < entry->size() && ((*entry)[start] == 'M' || (*entry)[start] == 'G')) ++start;
  const std::string_view letters = std::string_view(*entry).substr(start);
  const bool page = !letters.empty() && !Has(letters, ':') &&
                    std::all_of(letters.begin(), letters.end(),
                                [](char c) { return !IsNumber(c) && !(c >= 'a' && c <= 'z'); });
  // One that userfaultfd made inaccessible is no hint, and no scan touches it.
  if (!page || Has(letters, 'F')) return;
  std::string kept = entry->substr(0, start) + "P";
  for (const char c : letters) {
    if (!Has(kChangedByHints, c)) kept += c;
  }
  *entry = kept;
}

void HideIn(json& value, const Chance& chance) {
  if (!value.is_structured()) return;
  for (const auto& item : value.items()) {
    json& inner = item.value();
    if (value.is_object() && item.key() == "entry" && inner.is_string()) {
      auto text = inner.get<std::string>();
      if (chance.software_dirty) HideMove(&text);
      if (chance.compacted && OfFile(value)) HideFolioDirty(&text);
      if (chance.freed) HideFreed(&text);
      if (chance.balanced) HideHint(&text);
      inner = text;
    } else {
      HideIn(inner, chance);
    }
  }
}

}  // namespace

std::vector<Chance> ChanceOfOperations(const Scenario& scenario, const std::string& arch) {
  std::vector<Chance> all;
  Chance chance;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    // What a scan left behind stays when it is turned off.
    chance.balanced |= s.code == OpCode::k_sysfs && s.path == kBalancing && s.text != "0";
    chance.compacted |= s.code == OpCode::k_compact;
    chance.freed |= chance.compacted && s.code == OpCode::k_madvise && s.advice == Advice::kFree;
    chance.software_dirty = chance.compacted && arch == kArm64;
    all.push_back(chance);
  }
  return all;
}

std::string WithoutChance(const std::string& record, const Chance& chance) {
  json value = json::parse(record, nullptr, false);
  if (value.is_discarded()) return record;
  HideIn(value, chance);
  return value.dump();
}

}  // namespace uffdsim

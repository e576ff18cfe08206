#include "sim/conform/clock.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace uffdsim {
namespace {

using nlohmann::json;

constexpr std::string_view kBalancing = "/proc/sys/kernel/numa_balancing";
// Present or not, writable (arm64: read-only), young, and the places of the dirty bit while it may
// not be written.
constexpr std::string_view kChangedByHints = "PNWRADZ";

bool IsNumber(char c) { return c >= '0' && c <= '9'; }

void HideHint(std::string* entry) {
  std::size_t start = 0;
  while (start < entry->size() && ((*entry)[start] == 'M' || (*entry)[start] == 'G')) ++start;
  const std::string_view letters = std::string_view(*entry).substr(start);
  const bool page = !letters.empty() && letters.find(':') == letters.npos &&
                    std::all_of(letters.begin(), letters.end(),
                                [](char c) { return !IsNumber(c) && !(c >= 'a' && c <= 'z'); });
  // One that userfaultfd made inaccessible is no hint, and no scan touches it.
  if (!page || letters.find('F') != letters.npos) return;
  std::string kept = entry->substr(0, start) + "P";
  for (const char c : letters) {
    if (kChangedByHints.find(c) == kChangedByHints.npos) kept += c;
  }
  *entry = kept;
}

void HideIn(json& value) {
  if (!value.is_structured()) return;
  for (const auto& item : value.items()) {
    json& inner = item.value();
    if (value.is_object() && item.key() == "entry" && inner.is_string()) {
      auto text = inner.get<std::string>();
      HideHint(&text);
      inner = text;
    } else {
      HideIn(inner);
    }
  }
}

}  // namespace

std::vector<bool> BalancingOfOperations(const Scenario& scenario) {
  std::vector<bool> all;
  bool on = false;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    // What a scan left behind stays when it is turned off.
    on |= s.code == OpCode::k_sysfs && s.path == kBalancing && s.text != "0";
    all.push_back(on);
  }
  return all;
}

std::string WithoutHints(const std::string& record) {
  json value = json::parse(record, nullptr, false);
  if (value.is_discarded()) return record;
  HideIn(value);
  return value.dump();
}

}  // namespace uffdsim

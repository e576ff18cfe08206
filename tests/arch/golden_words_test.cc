// Do the accessors compute the words that the kernel's own accessors computed? Every value goes
// through the expression language, so that both are tested by the same recording.

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/arch/arch.h"
#include "model/arch/eval.h"

namespace uffdsim {
namespace {

struct Row {
  const char* key;
  const char* family;
  const char* expression;
};
constexpr Row kRows[] = {
#define KEY(key, family, expression) {key, family, expression},
#include "golden_expressions.def"
#undef KEY
};

// The row of this architecture if there is one, else the common row.
const Row* FindRow(const std::string& key, std::string_view family) {
  const Row* common = nullptr;
  for (const Row& row : kRows) {
    if (key != row.key) continue;
    if (family == row.family) return &row;
    if (*row.family == '\0') common = &row;
  }
  return common;
}

nlohmann::json Golden() {
  std::ifstream in(std::string(UFFDSIM_SOURCE_DIR) + "/tests/arch/golden/linux-7.3.4.json");
  return nlohmann::json::parse(in);
}

std::string Wrap(const Row& row) {
  const std::string key = row.key;
  if (key.starts_with("pr_")) return "pr(" + std::string(row.expression) + ")";
  if (key.starts_with("pm_")) return "pm(" + std::string(row.expression) + ")";
  return row.expression;
}

TEST(GoldenWords, EveryRecordedValueIsComputed) {
  int compared = 0;
  const nlohmann::json golden = Golden();
  for (const auto& [configuration, values] : golden.items()) {
    const Arch* arch = FindArch(configuration);
    ASSERT_NE(arch, nullptr) << configuration;
    ASSERT_EQ(arch->name(), configuration);
    for (const auto& [key, value] : values.items()) {
      const Row* row = FindRow(key, arch->family());
      ASSERT_NE(row, nullptr) << key;
      const absl::StatusOr<Value> got = Evaluate(*arch, Wrap(*row));
      ASSERT_TRUE(got.ok()) << configuration << " " << key << ": " << got.status();
      const std::uint64_t want = std::stoull(value.get<std::string>(), nullptr, 16);
      EXPECT_EQ(got->bits, want) << configuration << " " << key << ": " << row->expression
                                 << std::hex << "\n  got  0x" << got->bits << "\n  want 0x" << want;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 1170);
}

TEST(GoldenWords, EveryRowIsRecordedSomewhere) {
  std::map<std::string, int> uses;
  const nlohmann::json golden = Golden();
  for (const auto& [configuration, values] : golden.items()) {
    for (const auto& [key, value] : values.items()) ++uses[key];
  }
  for (const Row& row : kRows) EXPECT_GT(uses[row.key], 0) << row.key;
}

}  // namespace
}  // namespace uffdsim

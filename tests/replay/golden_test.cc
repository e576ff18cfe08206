// Are the results of one real trace the same bytes as ever?
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "nlohmann/json.hpp"

namespace uffdsim {
namespace {

namespace fs = std::filesystem;

std::string ReadAll(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// What of a result must never change by itself.
std::string Stable(const std::string& text) {
  const nlohmann::ordered_json result = nlohmann::ordered_json::parse(text);
  nlohmann::ordered_json stable;
  stable["metrics"] = result["metrics"];
  stable["intervals"] = result["intervals"];
  return stable.dump(1) + "\n";
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, IsByteStable) {
  const fs::path golden = fs::path(UFFDSIM_SOURCE_DIR) / "tests/replay/golden";
  const std::string name = GetParam();
  const fs::path out =
      fs::temp_directory_path() / ("uffdsim_golden_" + std::to_string(getpid()) + name + ".json");
  const std::string command = "cd " + std::string(UFFDSIM_SOURCE_DIR) + " && " + UFFDSIM_PROGRAM +
                              " replay --config tests/replay/golden/" + name +
                              ".config.json --json " + out.string() + " > /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const std::string stable = Stable(ReadAll(out));
  fs::remove(out);
  const fs::path expected = golden / (name + ".result.json");
  if (ReadAll(expected) == stable) {
    EXPECT_NE(stable.find("\"evicted_pages\""), std::string::npos);
    return;
  }
  const fs::path actual = fs::temp_directory_path() / (name + ".result.json");
  std::ofstream(actual) << stable;
  FAIL() << expected << " differs; what came out is " << actual
         << ": if the change is meant, copy it there and say why in the commit";
}

INSTANTIATE_TEST_SUITE_P(Table, Golden, testing::Values("boot-rwp-age", "boot-oracle-lru"));

}  // namespace
}  // namespace uffdsim

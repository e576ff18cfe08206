// What the tests of the explorers share: settings from alphabet text, a directory to write in.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "sim/explore/setting.h"

namespace uffdsim {

inline Setting SettingOf(const std::string& text, AlphabetSize size,
                         const std::vector<std::string>& defects = {}) {
  auto alphabet = ParseAlphabet("test", text, size);
  EXPECT_TRUE(alphabet.ok()) << alphabet.status().message();
  auto setting = MakeSetting(*std::move(alphabet), {"x86_64-tiny", "ideal", defects}, 1);
  EXPECT_TRUE(setting.ok()) << setting.status().message();
  return *std::move(setting);
}

inline Setting NamedSetting(const std::string& name, AlphabetSize size,
                            const std::vector<std::string>& defects = {}) {
  auto alphabet = LoadAlphabet(name, size);
  EXPECT_TRUE(alphabet.ok()) << alphabet.status().message();
  auto setting = MakeSetting(*std::move(alphabet), {"x86_64-tiny", "ideal", defects}, 1);
  EXPECT_TRUE(setting.ok()) << setting.status().message();
  return *std::move(setting);
}

// A directory of the test's own that goes away with it.
class Directory {
 public:
  Directory() {
    const std::string pattern = "uffdsim-explore-" + std::string(6, 'X');
    std::string name = (std::filesystem::temp_directory_path() / pattern).string();
    path_ = mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace uffdsim

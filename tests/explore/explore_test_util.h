// What the tests of the explorers share: settings from alphabet text.
#pragma once

#include <gtest/gtest.h>

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

}  // namespace uffdsim

// Helpers of the sweep tests: a folder of their own, files in it, and a spec of quick runs.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace uffdsim {

class SweepTest : public ::testing::Test {
 protected:
  SweepTest()
      : dir_(std::filesystem::temp_directory_path() /
             ("uffdsim_sweep_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(dir_);
  }
  ~SweepTest() override { std::filesystem::remove_all(dir_); }

  std::string Path(const std::string& name) const { return (dir_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  std::filesystem::path dir_;
};

}  // namespace uffdsim

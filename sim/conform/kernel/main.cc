// uffdsim-kernel: performs scenarios on the running kernel and prints their records.
//
//   uffdsim-kernel [--allow-machine-wide] [--oldest-first] FILE ..     "-" is standard input
//
// As a virtual machine's first process it serves its host instead. Static, no run-time
// dependencies. Exit codes: 0 done, 2 bad input, 3 an operation neither ended nor slept.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/conform/kernel/guest.h"
#include "sim/conform/kernel/look.h"
#include "sim/conform/kernel/play.h"

namespace uffdsim {
namespace {

constexpr int kBadInput = 2;

int Usage() {
  std::fputs("usage: uffdsim-kernel [--allow-machine-wide] [--oldest-first] FILE ..\n", stderr);
  return kBadInput;
}

bool ReadScenario(const std::string& path, std::string* text) {
  if (path == "-") {
    text->assign(std::istreambuf_iterator<char>(std::cin), {});
    return true;
  }
  std::ifstream file(path, std::ios::binary);
  text->assign(std::istreambuf_iterator<char>(file), {});
  return !file.fail() || file.eof();
}

int Main(int argc, char** argv) {
  if (getpid() == 1 && argc <= 1) RunGuest();
  PlaySettings settings;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--allow-machine-wide") {
      settings.allow_machine_wide = true;
    } else if (word == "--oldest-first") {
      settings.order = WakeOrder::kOldestFirst;
    } else if (word.rfind("--", 0) == 0) {
      return Usage();
    } else {
      files.push_back(word);
    }
  }
  if (files.empty()) return Usage();
  settings.on_line = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  Looker looker;
  int worst = 0;
  for (const std::string& file : files) {
    std::string text;
    if (!ReadScenario(file, &text)) {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      worst = kBadInput;
      continue;
    }
    worst = std::max(worst, Play(file, text, settings, &looker));
    std::fflush(stdout);
  }
  return worst;
}

}  // namespace
}  // namespace uffdsim

int main(int argc, char** argv) { return uffdsim::Main(argc, argv); }

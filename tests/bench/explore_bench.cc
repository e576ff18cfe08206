// How many operations a second does the exhaustive explorer perform and judge, what does a state
// cost, do two threads help; and how does that compare with Spin on a protocol model alone?
//
// One item is one transition: an operation performed, the referee's check, the digest, the look-up.
// Spin's transitions are those of rwp_protocol.pml, which has the same letters.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "sim/explore/exhaustive.h"

namespace uffdsim {
namespace {

Setting SettingOf(const char* alphabet, AlphabetSize size) {
  auto setting = MakeSetting(*LoadAlphabet(alphabet, size), {"x86_64-tiny", "ideal", {}}, 1);
  return *std::move(setting);
}

void Explore(benchmark::State& state, const Setting& setting, const ExhaustiveOptions& options) {
  std::uint64_t transitions = 0;
  for (auto iteration : state) {
    const auto result = Exhaust(setting, options);
    if (!result.ok() || !result->found.empty()) {
      state.SkipWithError("the clean machine is not clean");
      return;
    }
    transitions += result->transitions;
    state.counters["states"] = static_cast<double>(result->states);
    state.counters["bytes_per_state"] =
        static_cast<double>(result->bookkeeping) / static_cast<double>(result->states);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(transitions));
}

// The two-page, single-threaded machine: closes.
void BM_ExploreTwoPages(benchmark::State& state) {
  Explore(state, SettingOf("rwp-anon", {.pages = 2, .processes = 1}), {});
}
BENCHMARK(BM_ExploreTwoPages)->Unit(benchmark::kMillisecond);

// Many states: memory, and how it scales.
void BM_ExploreMany(benchmark::State& state) {
  ExhaustiveOptions options;
  options.threads = static_cast<std::uint32_t>(state.range(0));
  options.states_max = 100000;
  Explore(state, SettingOf("rwp-anon", {.pages = 3, .processes = 1}), options);
}
BENCHMARK(BM_ExploreMany)
    ->Arg(1)
    ->Arg(2)
    ->Iterations(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Runs a command and hands its output to `line`, line by line; false when it fails.
template <class OnLine>
bool RunAndRead(const std::string& command, OnLine&& line) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) line(buffer.data());
  return pclose(pipe) == 0;
}

// Spin on the protocol alone. Compiling its verifier is not part of the time.
void BM_SpinProtocol(benchmark::State& state) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "uffdsim-bench-spin";
  fs::create_directories(folder);
  const std::string model = std::string(UFFDSIM_SOURCE_DIR) + "/tests/bench/rwp_protocol.pml";
  const std::string build = "cd " + folder.string() + " && spin -a -DNPAGES=5 " + model +
                            " >/dev/null 2>&1 && gcc -O2 -w -DSAFETY -DNOREDUCE pan.c -o pan";
  if (!RunAndRead(build, [](const char*) {})) {
    state.SkipWithError("spin or gcc does not work");
    return;
  }
  double transitions = 0;
  double states = 0;
  double bytes = 0;
  for (auto iteration : state) {
    double errors = 1;
    const auto read = [&](const char* line) {
      double value = 0;
      double overhead = 0;
      if (std::sscanf(line, "%lf states, stored", &value) == 1 &&
          std::string(line).find("stored") != std::string::npos) {
        states = value;
      }
      if (const std::string text = line; text.find("transitions (=") != std::string::npos) {
        transitions += std::strtod(line, nullptr);
      } else if (const std::size_t at = text.find("errors: "); at != std::string::npos) {
        errors = std::strtod(line + at + 8, nullptr);
      } else if (const std::size_t vector = text.find("state-vector as stored = ");
                 vector != std::string::npos &&
                 std::sscanf(line + vector, "state-vector as stored = %lf byte + %lf byte", &value,
                             &overhead) == 2) {
        bytes = value + overhead;
      }
    };
    if (!RunAndRead(folder.string() + "/pan -m2000000 -w22 2>&1", read) || errors != 0) {
      state.SkipWithError("the protocol model does not verify");
      return;
    }
  }
  state.counters["states"] = states;
  // Without the hash table, which -w sets: 8 bytes for each of its slots.
  state.counters["bytes_per_state"] = bytes;
  state.SetItemsProcessed(static_cast<std::int64_t>(transitions));
  fs::remove_all(folder);
}
BENCHMARK(BM_SpinProtocol)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace uffdsim

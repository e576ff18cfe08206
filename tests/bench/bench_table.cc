// bench_table FILE.json...: one table from the JSON files of Google Benchmark, then each goal of
// goals.def with the figure that was measured. Exits 1 if a goal is missed or was not measured.
//
// A benchmark that was repeated counts with its median.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

enum class Kind { kRatio, kAtLeast, kAtMost };

struct Goal {
  Kind kind;
  const char* benchmark;
  const char* other;  // the baseline, or the counter
  double bound;
  const char* sentence;
};

constexpr Goal kNoGoal = {Kind::kRatio, "", "", 0, ""};  // keeps the array non-empty
constexpr Goal kGoals[] = {
    kNoGoal,
#define RATIO(benchmark, baseline, bound, sentence) \
  {Kind::kRatio, benchmark, baseline, bound, sentence},
#define AT_LEAST(benchmark, counter, bound, sentence) \
  {Kind::kAtLeast, benchmark, counter, bound, sentence},
#define AT_MOST(benchmark, counter, bound, sentence) \
  {Kind::kAtMost, benchmark, counter, bound, sentence},
#include "tests/bench/goals.def"
#define POLICY_GOAL(name, at_least, most_bytes, sentence)                                     \
  RATIO("BM_Policy/" name "/1000000/iterations:1", "BM_PolicyHashedLru/1000000/iterations:1", \
        at_least, name ": " sentence)                                                         \
  AT_MOST("BM_Policy/" name "/1000000/iterations:1", "bytes_per_page", most_bytes,            \
          name ": bytes per page of guest memory")
#include "tests/bench/policy_goals.def"
#undef RATIO
#undef AT_LEAST
#undef AT_MOST
};

// benchmark -> counter -> one value per repetition
using Results = std::map<std::string, std::map<std::string, std::vector<double>>>;

// What Google Benchmark writes beside the counters of a run.
bool IsBookkeeping(const std::string& key) {
  constexpr const char* kKeys[] = {"family_index", "per_family_instance_index",
                                   "repetitions",  "repetition_index",
                                   "threads",      "iterations"};
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](const char* k) { return key == k; });
}

bool ReadResults(const char* path, Results* results) {
  std::ifstream in(path);
  const nlohmann::json document = nlohmann::json::parse(in, nullptr, false);
  if (!document.is_object() || !document.contains("benchmarks")) return false;
  for (const auto& run : document["benchmarks"]) {
    if (run.value("run_type", "") != "iteration" || run.value("error_occurred", false)) continue;
    auto& counters = (*results)[run.value("name", "")];
    for (const auto& [key, value] : run.items()) {
      if (value.is_number() && !IsBookkeeping(key)) counters[key].push_back(value.get<double>());
    }
  }
  return true;
}

bool Median(const Results& results, const char* benchmark, const char* counter, double* median) {
  const auto found = results.find(benchmark);
  if (found == results.end() || !found->second.contains(counter)) return false;
  std::vector<double> values = found->second.at(counter);
  std::sort(values.begin(), values.end());
  *median = values[values.size() / 2];
  return true;
}

void PrintTable(const Results& results) {
  std::printf("%-52s %14s  %s\n", "benchmark", "M items/s", "counters");
  for (const auto& [name, counters] : results) {
    double rate = 0;
    const bool has_rate = Median(results, name.c_str(), "items_per_second", &rate);
    std::printf("%-52s ", name.c_str());
    if (has_rate) {
      std::printf("%14.2f ", rate / 1e6);
    } else {
      std::printf("%14s ", "-");
    }
    for (const auto& [counter, values] : counters) {
      if (counter == "items_per_second" || counter == "real_time" || counter == "cpu_time")
        continue;
      double value = 0;
      Median(results, name.c_str(), counter.c_str(), &value);
      std::printf(" %s=%.6g", counter.c_str(), value);
    }
    std::printf("\n");
  }
}

bool Judge(const Results& results, const Goal& goal) {
  double value = 0;
  double baseline = 1;
  const bool is_ratio = goal.kind == Kind::kRatio;
  bool measured =
      Median(results, goal.benchmark, is_ratio ? "items_per_second" : goal.other, &value);
  if (is_ratio) measured = measured && Median(results, goal.other, "items_per_second", &baseline);
  if (!measured) {
    std::printf("not measured  %s (%s, %s)\n", goal.sentence, goal.benchmark, goal.other);
    return false;
  }
  value /= baseline;
  const bool met = goal.kind == Kind::kAtMost ? value <= goal.bound : value >= goal.bound;
  std::printf("%-12s  %12.4g  %s %-10.4g  %s\n", met ? "met" : "MISSED", value,
              goal.kind == Kind::kAtMost ? "at most " : "at least", goal.bound, goal.sentence);
  return met;
}

}  // namespace

int main(int argc, char** argv) {
  Results results;
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_table FILE.json...\n");
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    if (ReadResults(argv[i], &results)) continue;
    std::fprintf(stderr, "bench_table: %s: not a result of Google Benchmark\n", argv[i]);
    return 2;
  }
  PrintTable(results);
  std::printf("\n");
  bool all_met = true;
  for (const Goal& goal : kGoals) {
    if (*goal.benchmark != '\0') all_met &= Judge(results, goal);
  }
  return all_met ? 0 : 1;
}

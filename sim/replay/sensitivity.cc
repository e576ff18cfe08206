#include "sim/replay/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/parallel/parallel.h"

namespace uffdsim {
namespace {

// What can be changed: a cost, or a latency of the store.
struct Lever {
  std::string name;
  std::function<std::uint64_t&(ReplayConfig&)> value;
};

std::vector<Lever> Levers() {
  std::vector<Lever> levers;
  for (const CostRow& row : CostRows()) {
    const auto member = row.member;
    levers.push_back({std::string(row.name), [member](ReplayConfig& config) -> std::uint64_t& {
                        return config.costs.*member;
                      }});
  }
  levers.push_back({"store read latency", [](ReplayConfig& config) -> std::uint64_t& {
                      return config.store.timing.read_latency_ns;
                    }});
  levers.push_back({"store write latency", [](ReplayConfig& config) -> std::uint64_t& {
                      return config.store.timing.write_latency_ns;
                    }});
  return levers;
}

std::vector<std::size_t> Order(std::span<const std::uint64_t> slowdowns) {
  std::vector<std::size_t> order(slowdowns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return slowdowns[a] < slowdowns[b]; });
  return order;
}

// ln(twice / half) / ln 4; a slow-down of nothing counts as a millionth.
double Elasticity(std::uint64_t at_half, std::uint64_t at_twice) {
  const auto positive = [](std::uint64_t value) {
    return static_cast<double>(std::max<std::uint64_t>(value, 1));
  };
  return std::log(positive(at_twice) / positive(at_half)) / std::log(4.0);
}

}  // namespace

absl::StatusOr<Sensitivity> RunSensitivity(
    std::span<const ReplayConfig> contenders, unsigned threads, const SlowdownOf& slowdown,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::vector<Lever> levers = Levers();
  const std::size_t count = contenders.size();
  // Runs: the given costs, then each lever at half and at twice; the contenders together each time.
  std::vector<ReplayConfig> configs(contenders.begin(), contenders.end());
  for (const Lever& lever : levers) {
    for (const bool twice : {false, true}) {
      for (ReplayConfig config : contenders) {
        std::uint64_t& value = lever.value(config);
        value = twice ? value * 2 : value / 2;
        configs.push_back(std::move(config));
      }
    }
  }
  std::vector<absl::StatusOr<std::uint64_t>> results(configs.size(), std::uint64_t{0});
  std::size_t done = 0;
  RunParallel(
      configs.size(), threads, [&](std::size_t i) { results[i] = slowdown(configs[i]); },
      [&](std::size_t i) {
        progress(++done, configs.size());
        return results[i].ok();
      });
  std::vector<std::uint64_t> values;
  for (const absl::StatusOr<std::uint64_t>& result : results) {
    if (!result.ok()) return result.status();
    values.push_back(*result);
  }

  Sensitivity sensitivity;
  const std::span<const std::uint64_t> all(values);
  sensitivity.slowdowns.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  sensitivity.order = Order(sensitivity.slowdowns);
  for (std::size_t i = 0; i < levers.size(); ++i) {
    const auto half = all.subspan(count * (1 + 2 * i), count);
    const auto twice = all.subspan(count * (2 + 2 * i), count);
    if (std::equal(half.begin(), half.end(), twice.begin())) continue;
    SensitivityRow row;
    row.cost = levers[i].name;
    row.elasticity = Elasticity(half[0], twice[0]);
    row.order_at_half = Order(half);
    row.order_at_twice = Order(twice);
    row.turns = row.order_at_half != sensitivity.order || row.order_at_twice != sensitivity.order;
    sensitivity.rows.push_back(std::move(row));
  }
  std::stable_sort(sensitivity.rows.begin(), sensitivity.rows.end(),
                   [](const SensitivityRow& a, const SensitivityRow& b) {
                     return std::abs(a.elasticity) > std::abs(b.elasticity);
                   });
  return sensitivity;
}

}  // namespace uffdsim

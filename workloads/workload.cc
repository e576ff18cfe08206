#include "workloads/workload.h"

#include <algorithm>

#include "model/base/rng.h"

namespace uffdsim {
namespace {

constexpr WorkloadRow kRows[] = {
#define WORKLOAD(Identifier, name, sentence) {name, sentence, &Make##Identifier##Workload},
#include "workloads/workload.def"
#undef WORKLOAD
};

}  // namespace

std::span<const WorkloadRow> Workloads() { return kRows; }

const WorkloadRow* FindWorkload(std::string_view name) {
  for (const WorkloadRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

WorkloadEvents::WorkloadEvents(const WorkloadRow& row, const WorkloadSetting& setting)
    : setting_(setting),
      workload_(row.make(setting)),
      random_(Rng(setting.seed ^ 0x57).Next()),
      entries_(kBlock),
      deltas_(kBlock, setting.instructions_per_access) {
  header_.stream = StreamKind::kAccesses;
  header_.ram_pages = setting.pages;
  header_.guest = "synthetic";
  header_.workload = std::string(row.name);
  header_.tool = "uffdsim workloads";
}

std::optional<Event> WorkloadEvents::Next() {
  const std::uint64_t left = setting_.accesses - done_;
  if (left == 0) return std::nullopt;
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlock));
  const std::span<std::uint32_t> entries = std::span(entries_).first(count);
  workload_->Fill(entries, done_, setting_.accesses);
  for (std::uint32_t& entry : entries) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const bool write = (random_ >> 33) % 1000 < setting_.write_permille;
    entry = MakeEntry(entry, write ? kTouchWrite : kTouchRead);
  }
  Event event;
  event.kind = EventKind::kAccesses;
  event.begin = done_ * setting_.instructions_per_access;
  done_ += count;
  event.end = done_ * setting_.instructions_per_access;
  event.entries = entries;
  event.deltas = std::span<const std::uint32_t>(deltas_).first(count);
  return event;
}

}  // namespace uffdsim

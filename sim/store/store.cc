#include "sim/store/store.h"

#include "model/base/check.h"

namespace uffdsim {
namespace {

bool IsNth(std::uint64_t count, std::uint64_t every) { return every != 0 && count % every == 0; }

}  // namespace

Store::Store(const StoreTiming& timing, std::uint32_t page_count, std::uint32_t page_bytes,
             std::uint64_t seed, FailurePlan failures)
    : queue_(timing, seed), failures_(failures), page_bytes_(page_bytes), stored_(page_count) {}

StoreReply Store::Write(std::uint64_t now_ns, std::uint32_t page, std::uint32_t token) {
  UFFDSIM_CHECK(page < stored_.size());
  UFFDSIM_CHECK(token != ~std::uint32_t{0});
  StoreReply reply;
  reply.completion_ns = queue_.Submit(now_ns, StoreOp::kWrite, page_bytes_);
  ++counters_.writes;
  if (IsNth(counters_.writes, failures_.every_write)) {
    ++counters_.write_failures;
    reply.result = StoreResult::kFailed;
    return reply;
  }
  counters_.bytes_written += page_bytes_;
  if (stored_[page] == 0) ++stored_pages_;
  stored_[page] = token + 1;
  return reply;
}

StoreReply Store::Read(std::uint64_t now_ns, std::uint32_t page) {
  UFFDSIM_CHECK(page < stored_.size());
  StoreReply reply;
  if (!Holds(page)) {
    reply.result = StoreResult::kAbsent;
    reply.completion_ns = now_ns;
    return reply;
  }
  reply.completion_ns = queue_.Submit(now_ns, StoreOp::kRead, page_bytes_);
  ++counters_.reads;
  if (IsNth(counters_.reads, failures_.every_read)) {
    ++counters_.read_failures;
    reply.result = StoreResult::kFailed;
    return reply;
  }
  counters_.bytes_read += page_bytes_;
  reply.token = stored_[page] - 1;
  return reply;
}

bool Store::Drop(std::uint32_t page) {
  UFFDSIM_CHECK(page < stored_.size());
  if (stored_[page] == 0) return false;
  stored_[page] = 0;
  --stored_pages_;
  return true;
}

std::uint64_t Store::HostBytes() const {
  return stored_pages_ * page_bytes_ * queue_.timing().memory_permille / 1000;
}

}  // namespace uffdsim

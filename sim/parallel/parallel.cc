#include "sim/parallel/parallel.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace uffdsim {

void RunParallel(std::size_t pieces, unsigned threads, const std::function<void(std::size_t)>& run,
                 const std::function<bool(std::size_t)>& done) {
  std::mutex mutex;
  std::size_t next = 0;
  bool stopped = false;
  const auto work = [&] {
    std::unique_lock<std::mutex> lock(mutex);
    while (!stopped && next < pieces) {
      const std::size_t piece = next++;
      lock.unlock();
      run(piece);
      lock.lock();
      if (!done(piece)) stopped = true;
    }
  };
  std::vector<std::thread> helpers;
  const std::size_t wanted = std::min<std::size_t>(threads, pieces);
  for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

unsigned HardwareThreads() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace uffdsim

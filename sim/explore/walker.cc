#include "sim/explore/walker.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

void Walker::GoTo(std::uint32_t state, const Visited& visited) {
  if (length_ == 0) {
    // The subject is fresh, and so at the root.
    way_.resize(1);
    way_[0].state = 0;
    subject_.Save(&way_[0].snapshot);
    length_ = 1;
  }
  path_.clear();
  for (std::uint32_t at = state; at != 0; at = visited[at].parent) path_.push_back(at);
  path_.push_back(0);
  std::reverse(path_.begin(), path_.end());
  std::size_t common = 0;
  while (common < path_.size() && common < length_ && way_[common].state == path_[common]) ++common;
  length_ = common;
  Back();
  if (way_.size() < path_.size()) way_.resize(path_.size());
  for (; length_ < path_.size(); ++length_) {
    Place& place = way_[length_];
    place.state = path_[length_];
    const auto result = subject_.Perform(setting_.letters[visited[place.state].letter]);
    UFFDSIM_CHECK(result == Subject::Result::kDone);
    subject_.Save(&place.snapshot);
  }
}

std::vector<std::uint16_t> WayTo(std::uint32_t state, const Visited& visited) {
  std::vector<std::uint16_t> letters;
  for (std::uint32_t at = state; at != 0; at = visited[at].parent) {
    letters.push_back(visited[at].letter);
  }
  std::reverse(letters.begin(), letters.end());
  return letters;
}

}  // namespace uffdsim

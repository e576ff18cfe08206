// Proof that no write is lost: what a page held when it was dropped is what it must hold when it
// comes back.
//
// Rules:   content numbers are unique per write (ContentMode::kTokens). A page that is dropped
// while
//          the store has something else is remembered, and so is one that is filled with something
//          else than was dropped; the next access to it counts as a lost update. A VMM that works
//          leaves the book empty, so it costs nothing.
// Owned by: the replay.
#pragma once

#include <cstdint>

#include "absl/container/btree_map.h"

namespace uffdsim {

class Ledger {
 public:
  // `held`: what the frame held; `stored`: what the store would give back.
  void OnDrop(std::uint32_t page, std::uint32_t held, std::uint32_t stored) {
    if (held != stored) [[unlikely]] {
      wrong_[page] = held;
    } else if (!wrong_.empty()) {
      wrong_.erase(page);
    }
  }
  void OnFill(std::uint32_t page, std::uint32_t filled, std::uint32_t stored) {
    const auto it = wrong_.find(page);
    const std::uint32_t expected = it == wrong_.end() ? stored : it->second;
    if (filled != expected) [[unlikely]] {
      wrong_[page] = expected;
    } else if (it != wrong_.end()) {
      wrong_.erase(it);
    }
  }
  // The guest reads or writes the page.
  void OnAccess(std::uint32_t page) {
    if (!wrong_.empty()) [[unlikely]]
      lost_updates_ += wrong_.erase(page);
  }

  std::uint64_t lost_updates() const { return lost_updates_; }

 private:
  absl::btree_map<std::uint32_t, std::uint32_t> wrong_;  // page: what it should hold
  std::uint64_t lost_updates_ = 0;
};

}  // namespace uffdsim

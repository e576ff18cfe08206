// What the referee knows of the past: which pages were promised what, and what was last written.
//
// A small value: explorers keep it beside each state, copy it, and hash it (VisitWords).
// Invariant: while nothing is violated and every step was followed by Check(), the promises, the
//            contents and the populated pages follow from the machine's state.
// Owned by: Referee.
#pragma once

#include <cstdint>

#include "model/spec/page_set.h"

namespace uffdsim {

struct History {
  PageSet armed;                     // RWP: the next access is seen
  PageSet guarded;                   // WP: the next write is seen
  PageSet resolved;                  // resolved by an ioctl since they were last armed
  PageSet populated;                 // something was mapped at the last check
  PageSet soft_dirty;                // written since soft-dirty was last cleared
  FlatMap<std::uint16_t> woken;      // resolved, and woken afterwards by this context
  FlatMap<std::uint32_t> contents;   // of private pages, by page
  FlatMap<std::uint32_t> objects;    // of file pages, by AbstractPage::object
  FlatMap<std::uint16_t> abandoned;  // by thread: sleeps in a range that this context gave up
  bool hints = false;                // a NUMA scan ran: an entry may deny access without a mark
  friend bool operator==(const History&, const History&) = default;

  // Calls visit(word) for words that determine what does not follow from the machine's state, in
  // an order that does not depend on how it came about.
  template <class Visit>
  void VisitWords(Visit&& visit) const {
    for (const PageSet* set : {&resolved, &soft_dirty}) {
      visit(std::uint64_t{set->blocks().size()});
      for (const PageSet::Block& block : set->blocks()) {
        visit(block.key);
        visit(block.bits);
      }
    }
    VisitMap(woken, visit);
    VisitMap(abandoned, visit);
  }

 private:
  template <class Map, class Visit>
  static void VisitMap(const Map& map, Visit&& visit) {
    visit(std::uint64_t{map.items().size()});
    for (const auto& item : map.items()) {
      visit(item.key);
      visit(std::uint64_t{item.value});
    }
  }
};

}  // namespace uffdsim

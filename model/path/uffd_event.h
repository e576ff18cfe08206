// A list of userfaultfd events that a thread announces one after the other, sleeping until each was
// read.
//
// Mirrors: userfaultfd_event_wait_completion(), userfaultfd_unmap_prep/_complete(),
//          dup_userfaultfd_complete(), mremap_userfaultfd_complete() of mm/userfaultfd.c.
#pragma once

#include <array>

#include "model/path/step.h"
#include "model/path/uffd_wait.h"

namespace uffdsim {

struct EventsFrame {
  struct Item {
    Message::Type type{};
    CtxId ctx{};
    CtxId child{};
    std::uint64_t address = 0;
    std::uint64_t to = 0;
    std::uint64_t length = 0;
  };
  std::array<Item, 8> item{};
  std::uint8_t count = 0;
  std::uint8_t next = 0;

  // mmap_changing of the context must have been raised. At most one event per context and operation
  // step; more contexts than fit is a simulator bug.
  void Add(const Item& i) {
    UFFDSIM_CHECK(count < item.size());
    item[count++] = i;
  }
};

// userfaultfd_unmap_prep(): collects an UNMAP event for each context with the feature that has a
// VMA in [first, last), and raises its mmap_changing.
void PrepareUnmapEvents(World& w, MmId mm, Vpn first, Vpn last, EventsFrame* events);

}  // namespace uffdsim

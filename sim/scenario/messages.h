// Messages as records show them, and what `auto_resolve` does about them: the same on the model
// (executor.h) and on a real kernel (sim/conform/kernel/session.h).
//
// Owned by: the caller. Addresses are bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/names.h"
#include "sim/scenario/record.h"

namespace uffdsim {

// Names contexts that forks make: the n-th that a message of U brings is "Ucn".
class MessageNamer {
 public:
  using Bind = std::function<void(const std::string& name, const Message& fork)>;

  // Page faults by place and then events in their order: the order of page faults would say in
  // which order threads happened to run. `bind` is told of every context that a message brings.
  std::vector<NamedMessage> Name(const std::vector<Message>& messages, CtxId ctx,
                                 const Names& names, const Bind& bind);

 private:
  std::vector<std::pair<CtxId, int>> forks_read_;  // how many each context gave
};

// read(2) until nothing is left: whom an event wakes may announce its next one meanwhile.
Outcome ReadAllMessages(const std::function<Outcome()>& read);

// What ends a page fault: all but the process that does it, and how it is reported.
struct Resolution {
  Operation op;
  AutoResolved report;
};
// `bytes` is the size of the page behind the fault: all of it is resolved.
Resolution ResolutionOf(const Message& fault, CtxId ctx, const Names& names, std::uint64_t bytes);

// Operations that ended meanwhile: by process, then as they were started.
void SortResumed(std::vector<Record>* resumed);

}  // namespace uffdsim

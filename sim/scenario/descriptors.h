// Which process has which userfaultfd open: descriptors are copied by fork, a context is released
// when its last descriptor goes.
//
// Mirrors: struct files_struct. The machine knows contexts; who holds a descriptor of one is the
//          executor's knowledge, as it is the C library's in a real process.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

class Descriptors {
 public:
  void Open(std::uint32_t process, CtxId ctx);
  bool Has(std::uint32_t process, CtxId ctx) const;
  // True when this was the context's last descriptor.
  bool Close(std::uint32_t process, CtxId ctx);
  // Those of a process, in the order in which they were opened.
  std::vector<CtxId> Of(std::uint32_t process) const;
  // All of them, (process, context), in the order in which they were opened.
  const std::vector<std::pair<std::uint32_t, CtxId>>& open() const { return open_; }

 private:
  std::vector<std::pair<std::uint32_t, CtxId>> open_;
};

}  // namespace uffdsim

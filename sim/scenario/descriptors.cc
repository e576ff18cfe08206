#include "sim/scenario/descriptors.h"

#include <algorithm>

namespace uffdsim {

void Descriptors::Open(std::uint32_t process, CtxId ctx) { open_.emplace_back(process, ctx); }

bool Descriptors::Has(std::uint32_t process, CtxId ctx) const {
  return std::find(open_.begin(), open_.end(), std::pair(process, ctx)) != open_.end();
}

bool Descriptors::Close(std::uint32_t process, CtxId ctx) {
  std::erase(open_, std::pair(process, ctx));
  return std::none_of(open_.begin(), open_.end(), [&](const auto& d) { return d.second == ctx; });
}

std::vector<CtxId> Descriptors::Of(std::uint32_t process) const {
  std::vector<CtxId> contexts;
  for (const auto& [owner, ctx] : open_) {
    if (owner == process) contexts.push_back(ctx);
  }
  return contexts;
}

}  // namespace uffdsim

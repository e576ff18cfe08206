#include "sim/scenario/messages.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

// What is copied into missing pages.
constexpr std::uint64_t kFillByte = 0x5a;

// Flags of a page fault's message.
constexpr std::uint64_t kFaultWp = 2;
constexpr std::uint64_t kFaultMinor = 4;
constexpr std::uint64_t kFaultRwp = 8;

OpCode ResolvingCall(std::uint64_t flags) {
  if ((flags & kFaultRwp) != 0) return OpCode::k_rwprotect;
  if ((flags & kFaultWp) != 0) return OpCode::k_writeprotect;
  return (flags & kFaultMinor) != 0 ? OpCode::k_continue : OpCode::k_copy;
}

}  // namespace

std::vector<NamedMessage> MessageNamer::Name(const std::vector<Message>& messages, CtxId ctx,
                                             const Names& names, const Bind& bind) {
  std::vector<NamedMessage> faults;
  std::vector<NamedMessage> events;
  for (const Message& message : messages) {
    NamedMessage named{message, ""};
    if (message.type == Message::Type::kPagefault) {
      faults.push_back(std::move(named));
      continue;
    }
    if (message.type == Message::Type::kFork) {
      auto row = std::find_if(forks_read_.begin(), forks_read_.end(),
                              [&](const auto& r) { return r.first == ctx; });
      if (row == forks_read_.end()) row = forks_read_.insert(row, {ctx, 0});
      named.child = absl::StrCat(names.ContextName(ctx), "c", ++row->second);
      bind(named.child, message);
    }
    events.push_back(std::move(named));
  }
  const auto key = [&](const NamedMessage& m) {
    return std::pair(names.Place(m.message.address), FaultFlagsText(m.message.flags));
  };
  std::stable_sort(faults.begin(), faults.end(),
                   [&](const NamedMessage& a, const NamedMessage& b) { return key(a) < key(b); });
  faults.insert(faults.end(), events.begin(), events.end());
  return faults;
}

Outcome ReadAllMessages(const std::function<Outcome()>& read) {
  Outcome all = read();
  for (std::size_t got = all.messages.size(); got != 0;) {
    Outcome more = read();
    got = more.messages.size();
    all.messages.insert(all.messages.end(), more.messages.begin(), more.messages.end());
    if (all.ret) all.ret = static_cast<std::int64_t>(all.messages.size());
  }
  return all;
}

Resolution ResolutionOf(const Message& fault, CtxId ctx, const Names& names, std::uint64_t bytes) {
  Resolution resolution;
  Operation& op = resolution.op;
  op.code = ResolvingCall(fault.flags);
  op.ctx = ctx;
  op.length = bytes;
  op.start = fault.address / bytes * bytes;
  op.value = kFillByte;
  AutoResolved& report = resolution.report;
  report.uffd = names.ContextName(ctx);
  report.at = names.Place(fault.address);
  report.flags = FaultFlagsText(fault.flags);
  report.action = OpName(op.code);
  return resolution;
}

void SortResumed(std::vector<Record>* resumed) {
  std::stable_sort(resumed->begin(), resumed->end(), [](const Record& a, const Record& b) {
    return std::tie(a.process, a.index) < std::tie(b.process, b.index);
  });
}

}  // namespace uffdsim

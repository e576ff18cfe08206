// auto_resolve: what a session does by itself about messages.
#include "sim/conform/kernel/answer.h"
#include "sim/conform/kernel/session.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

}  // namespace

bool KernelSession::BacksHugePages(std::uint32_t process, std::uint64_t address) const {
  return looker_->IsHugetlb(workers_.Pid(process), address);
}

void KernelSession::AutoResolve(Record* current) {
  for (bool again = true; again && !stuck_;) {
    again = false;
    const auto resolving = auto_resolving_;
    for (const auto& [process, ctx] : resolving) {
      if (!names_.Process(process) || holders_.Find(process, Holders::Kind::kUffd, ctx.value) < 0) {
        continue;
      }
      Statement read;
      read.code = OpCode::k_messages;
      read.process = process;
      read.Give(Role::kUffd);
      Operation op;
      op.code = OpCode::k_messages;
      op.ctx = ctx;
      Record messages;
      messages.outcome = Run(read, op, &messages);
      TakeMessages(process, ctx, &messages);
      // A fork or another event: reading its message let the operation go on.
      for (Record& ended : messages.resumed) TakeEnded(std::move(ended), current);
      for (const NamedMessage& named : messages.messages) {
        again = true;
        if (named.message.type != Message::Type::kPagefault) continue;
        current->auto_resolved.push_back(Resolve(process, ctx, named.message));
      }
      SettleAll(nullptr, current);
    }
  }
}

AutoResolved KernelSession::Resolve(std::uint32_t process, CtxId ctx, const Message& message) {
  const std::uint64_t bytes =
      BacksHugePages(process, message.address) ? kHugePage : names_.page_size();
  Resolution resolution = ResolutionOf(message, ctx, names_, bytes);
  Statement statement;
  statement.code = resolution.op.code;
  statement.process = process;
  statement.Give(Role::kUffd);
  Answer answer;
  if (!workers_.Ask(process, RequestOf(statement, resolution.op), &answer)) stuck_ = true;
  resolution.report.error =
      answer.kind == Answer::Kind::kError ? ErrnoOf(answer.error) : Errno::kOk;
  return std::move(resolution.report);
}

}  // namespace uffdsim

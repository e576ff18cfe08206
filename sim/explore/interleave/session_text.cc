// What a session came to: for recognising states, and for comparing the ends of two schedules.
#include "absl/strings/str_cat.h"
#include "model/machine/digest.h"
#include "sim/explore/interleave/session.h"

namespace uffdsim {

Digest Session::StateDigest(std::span<const std::uint64_t> beside) const {
  Digester digester;
  const CtxId named[] = {executor_.names().Context(program_.uffd)};
  digester.Begin(executor_.machine().world(), named);
  checker_->referee().history().VisitWords([&](std::uint64_t word) { digester.Add(word); });
  digester.Add(kept_);
  digester.Add(static_cast<std::uint64_t>(holds_));
  for (const ThreadState& thread : threads_) {
    digester.Add(thread.act);
    digester.Add(thread.running ? 1 : 0);
    digester.Add(thread.hot.has_value() ? 1 + (*thread.hot ? 1 : 0) : 0);
  }
  digester.Add(answers_.size());
  for (const std::string& answer : answers_) {
    digester.Add(answer.size());
    for (const char letter : answer) digester.Add(static_cast<unsigned char>(letter));
  }
  for (const std::uint64_t word : beside) digester.Add(word);
  return digester.Finish();
}

std::string Session::EndText() const {
  std::string text;
  for (const ProcessView& process : executor_.machine().Observe(true).processes) {
    for (const VmaView& vma : process.vmas) {
      absl::StrAppend(&text, process.process.value, " ", vma.start, " ", vma.flags, "\n");
      for (const PageView& page : vma.pages) {
        absl::StrAppend(&text, page.pagemap, " ", page.scan, " ", page.entry, " ", page.frame,
                        "\n");
      }
    }
  }
  return absl::StrCat(text, "kept ", kept_);
}

}  // namespace uffdsim

// Sessions as text: for recognising states, and for comparing what two schedules came to.
#include "absl/strings/str_cat.h"
#include "model/machine/digest.h"
#include "sim/explore/interleave/session.h"

namespace uffdsim {

std::string Session::StateText() const {
  Digester digester;
  const CtxId named[] = {executor_.names().Context(program_.uffd)};
  digester.Begin(executor_.machine().world(), named);
  checker_->referee().history().VisitWords([&](std::uint64_t word) { digester.Add(word); });
  const Digest digest = digester.Finish();
  std::string text = absl::StrCat(digest.high, " ", digest.low, " ", kept_, " ", holds_);
  for (const ThreadState& thread : threads_) {
    absl::StrAppend(&text, " ", thread.act, thread.running ? "r" : "-",
                    thread.hot.has_value() ? (*thread.hot ? "h" : "c") : "-");
  }
  for (const std::string& answer : answers_) absl::StrAppend(&text, "\n", answer);
  return text;
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

#include "sim/explore/twins.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/explore/visited.h"
#include "sim/explore/walker.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

// What can be told from outside about a letter that was performed.
struct Trace {
  Subject::Result result{};
  std::uint64_t answer = 0;
  bool violated = false;
  Digest digest;
  friend bool operator==(const Trace&, const Trace&) = default;
};

Trace TraceOf(const Setting::Letter& letter, Subject* subject) {
  Trace trace;
  trace.result = subject->Perform(letter);
  if (trace.result == Subject::Result::kDisabled) return trace;
  trace.answer = subject->answer();
  trace.violated = subject->violated();
  if (trace.result == Subject::Result::kDone && !trace.violated) {
    trace.digest = subject->Identify();
  }
  return trace;
}

absl::Status CannotSetUp(const Setting& setting, const Subject& subject) {
  const Statement& line = setting.setup[subject.failed_setup() - 1].statement;
  return absl::InvalidArgumentError(absl::StrCat(setting.alphabet.name, ": the set-up line `",
                                                 FormatStatement(line), "` does not work"));
}

}  // namespace

absl::StatusOr<TwinsResult> CompareTwins(const Setting& clean, const Setting& defective,
                                         std::uint64_t transitions_max) {
  Walker one(clean);
  Walker other(defective);
  TwinsResult result;
  if (!one.subject().ok()) return CannotSetUp(clean, one.subject());
  Visited visited;
  Visited::Record root;
  root.digest = one.subject().Identify();
  visited.Insert(root);
  // A defect may show while the machine is set up.
  if (!other.subject().ok() || other.subject().Identify() != root.digest) {
    result.states = 1;
    result.letters.emplace();
    return result;
  }
  for (std::uint32_t state = 0; state < visited.size() && result.transitions < transitions_max;
       ++state) {
    one.GoTo(state, visited);
    other.GoTo(state, visited);
    for (std::size_t i = 0; i < clean.letters.size(); ++i) {
      const Trace trace = TraceOf(clean.letters[i], &one.subject());
      const Trace twin = TraceOf(clean.letters[i], &other.subject());
      ++result.transitions;
      if (trace != twin) {
        result.letters = WayTo(state, visited);
        result.letters->push_back(static_cast<std::uint16_t>(i));
        result.states = visited.size();
        return result;
      }
      if (trace.result == Subject::Result::kDisabled) continue;
      one.Back();
      other.Back();
      if (trace.result != Subject::Result::kDone || trace.violated) continue;
      Visited::Record record;
      record.digest = trace.digest;
      record.parent = state;
      record.letter = static_cast<std::uint16_t>(i);
      visited.Insert(record);
    }
  }
  result.states = visited.size();
  return result;
}

}  // namespace uffdsim

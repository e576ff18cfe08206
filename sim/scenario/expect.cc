#include "sim/scenario/expect.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/scenario/format.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

// The status of a record in the words of an `expect` line: "error EINVAL".
std::vector<std::string> StatusWords(const Record& record, const Names& names) {
  const Outcome& o = record.outcome;
  std::vector<std::string> words = {std::string(StatusWord(o.status))};
  switch (o.status) {
    case Outcome::Status::kError: words.emplace_back(ErrnoName(o.error)); break;
    case Outcome::Status::kBlocked: words.push_back(o.blocked_in); break;
    case Outcome::Status::kSignal:
      words.push_back(o.signal);
      words.emplace_back(SignalCodeWord(o.signal_code));
      words.push_back(names.Place(o.signal_at));
      break;
    case Outcome::Status::kBad: words.push_back(o.reason); break;
    case Outcome::Status::kOk:
    case Outcome::Status::kStarted:
    case Outcome::Status::kDied: break;
  }
  return words;
}

// Whether the words given are the first of the words found.
bool BeginsWith(const std::vector<std::string>& found, const std::vector<std::string>& given) {
  return given.size() <= found.size() && std::equal(given.begin(), given.end(), found.begin());
}

std::string JudgeStatus(const Expectation& e, const Record& record, const Names& names) {
  const std::vector<std::string> found = StatusWords(record, names);
  return BeginsWith(found, e.words) ? "" : absl::StrJoin(found, " ");
}

std::string JudgeWord(const Expectation& e, const std::string& found) {
  return e.words.front() == found ? "" : found;
}

std::string JudgeNext(const Expectation& e, const Record& record) {
  const std::string given = absl::StrJoin(e.words, " ");
  const bool asleep = given == "asleep" && record.next.substr(0, given.size()) == given;
  return asleep || given == record.next ? "" : record.next;
}

std::string OutText(const Outcome& o) {
  if (o.out_pages) return absl::StrCat(*o.out_pages);
  return o.out_error == Errno::kOk ? "none" : std::string(ErrnoName(o.out_error));
}

std::string RunText(int value, std::uint64_t count) {
  const std::string text = value == -1 ? "-" : value == -2 ? "s" : absl::StrCat(value);
  return count == 1 ? text : absl::StrCat(text, "*", count);
}

std::string JudgeValues(const Expectation& e, const Outcome& o) {
  std::vector<std::string> found;
  for (const auto& run : o.values) found.push_back(RunText(run.first, run.second));
  if (found.empty()) found.emplace_back("none");
  return found == e.words ? "" : absl::StrJoin(found, " ");
}

std::vector<std::string> MessageWords(const NamedMessage& named, const Names& names) {
  const Message& m = named.message;
  const std::string count = FormatQuantity(names.Pages(m.length));
  switch (m.type) {
    case Message::Type::kPagefault:
      return {"pagefault", names.Place(m.address), FaultFlagsText(m.flags)};
    case Message::Type::kFork: return {"fork", named.child};
    case Message::Type::kRemap: return {"remap", names.Place(m.address), names.Place(m.to), count};
    case Message::Type::kRemove: return {"remove", names.Place(m.address), count};
    case Message::Type::kUnmap: return {"unmap", names.Place(m.address), count};
  }
  return {};
}

std::string JudgeMessage(const Expectation& e, const Record& record, const Names& names) {
  std::vector<std::string> found;
  for (const NamedMessage& message : record.messages) {
    const std::vector<std::string> words = MessageWords(message, names);
    if (BeginsWith(words, e.words)) return "";
    found.push_back(absl::StrJoin(words, " "));
  }
  return found.empty() ? "no message" : absl::StrJoin(found, "; ");
}

std::string JudgeResumed(const Expectation& e, const Record& record, const Names& names) {
  std::vector<std::string> found;
  for (const Record& resumed : record.resumed) {
    std::vector<std::string> words = StatusWords(resumed, names);
    words.insert(words.begin(), std::string(OpName(resumed.code)));
    if (BeginsWith(words, e.words)) return "";
    found.push_back(absl::StrJoin(words, " "));
  }
  if (found.empty()) return e.words.front() == "none" ? "" : "nothing resumed";
  return absl::StrJoin(found, "; ");
}

std::string JudgeRegions(const Expectation& e, const Outcome& o, const Names& names) {
  std::vector<std::string> found;
  for (const ScanRegion& region : o.regions) {
    const std::uint64_t pages = (region.end - region.start) / names.page_size();
    found.push_back(absl::StrCat(names.Place(region.start), "*", pages, "=",
                                 CategoryLetters(region.categories)));
  }
  if (found.empty()) found.emplace_back("none");
  return found == e.words ? "" : absl::StrJoin(found, " ");
}

std::string PageField(const PageView& page, std::string_view field) {
  if (field == "pagemap") return page.pagemap;
  if (field == "scan") return page.scan;
  if (field == "mincore") return page.mincore ? "1" : "0";
  if (field == "entry") return page.entry;
  return page.frame.empty() ? "none" : page.frame;
}

std::string VmaField(const VmaView& vma, std::string_view field) {
  if (field == "prot") return vma.prot;
  if (field == "flags") {
    std::string flags = vma.flags;
    std::replace(flags.begin(), flags.end(), ' ', ',');
    return flags;
  }
  if (field == "rss") return absl::StrCat(vma.rss_pages);
  if (field == "swap") return absl::StrCat(vma.swap_pages);
  if (field == "anon") return absl::StrCat(vma.anon_pages);
  return absl::StrCat(vma.huge_pages);
}

// The words `field=pattern` that do not hold, as `field=found`.
template <class Field>
std::string Mismatches(const std::vector<std::string>& words, Field field) {
  std::string text;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string found = field(name);
    if (MatchesPattern(found, std::string_view(word).substr(equals + 1))) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", name, "=", found);
  }
  return text;
}

// `page` and `vma`: looks at the machine as it is now.
std::string JudgeState(const Expectation& e, Executor* executor) {
  Names& names = executor->names();
  const auto mm = names.Process(e.process);
  if (!mm) return absl::StrCat("process ", e.process, " does not exist");
  const Observation observation = executor->machine().Observe(true);
  const auto view = std::find_if(observation.processes.begin(), observation.processes.end(),
                                 [&](const ProcessView& p) { return p.process == *mm; });
  if (view == observation.processes.end()) return absl::StrCat("process ", e.process, " is gone");
  const std::uint64_t start = names.Address(e.region, e.offset);
  const std::uint64_t page_size = names.page_size();
  if (e.kind == Expectation::Kind::kVma) {
    const auto vma = std::find_if(view->vmas.begin(), view->vmas.end(), [&](const VmaView& v) {
      return v.start <= start && start < v.end;
    });
    if (vma == view->vmas.end()) return "not mapped";
    return Mismatches(e.words, [&](std::string_view field) { return VmaField(*vma, field); });
  }
  for (std::uint64_t at = start; at < start + names.Bytes(e.length); at += page_size) {
    const PageView* page = FindPage(*view, at, page_size);
    if (page == nullptr) return absl::StrCat(names.Place(at), " is not mapped");
    const std::string found =
        Mismatches(e.words, [&](std::string_view field) { return PageField(*page, field); });
    if (!found.empty()) return absl::StrCat(names.Place(at), " ", found);
  }
  return "";
}

std::string JudgeViolation(const Expectation& e, const Record& record) {
  std::vector<std::string> found;
  for (const RecordViolation& violation : record.violations) {
    if (violation.invariant == e.words.front()) return "";
    found.push_back(
        absl::StrCat(violation.invariant, " at ", violation.at, " (", violation.detail, ")"));
  }
  if (found.empty()) return e.words.front() == "none" ? "" : "none";
  return absl::StrJoin(found, "; ");
}

}  // namespace

bool MatchesPattern(std::string_view text, std::string_view pattern) {
  const bool open = !pattern.empty() && pattern.back() == '*';
  if (open) pattern.remove_suffix(1);
  if (open ? text.size() < pattern.size() : text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '?' && pattern[i] != text[i]) return false;
  }
  return true;
}

std::string Judge(const Expectation& e, const Record& record, Executor* executor) {
  const Names& names = executor->names();
  const Outcome& o = record.outcome;
  switch (e.kind) {
    case Expectation::Kind::kStatus: return JudgeStatus(e, record, names);
    case Expectation::Kind::kRet: return JudgeWord(e, o.ret ? absl::StrCat(*o.ret) : "none");
    case Expectation::Kind::kOut: return JudgeWord(e, OutText(o));
    case Expectation::Kind::kValues: return JudgeValues(e, o);
    case Expectation::Kind::kMessages: return JudgeWord(e, absl::StrCat(record.messages.size()));
    case Expectation::Kind::kMessage: return JudgeMessage(e, record, names);
    case Expectation::Kind::kResumed: return JudgeResumed(e, record, names);
    case Expectation::Kind::kNext: return JudgeNext(e, record);
    case Expectation::Kind::kIoctls: return JudgeWord(e, absl::StrCat("0x", absl::Hex(o.ioctls)));
    case Expectation::Kind::kWalkEnd: return JudgeWord(e, names.Place(o.walk_end));
    case Expectation::Kind::kRegions: return JudgeRegions(e, o, names);
    case Expectation::Kind::kPage:
    case Expectation::Kind::kVma: return JudgeState(e, executor);
    case Expectation::Kind::kViolation: return JudgeViolation(e, record);
  }
  return "";
}

}  // namespace uffdsim

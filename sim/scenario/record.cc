#include "sim/scenario/record.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/json.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

// page_byte: nothing mapped here; a swap entry or marker.
constexpr int kNotMapped = -1;
constexpr int kNotPresent = -2;

// Which calls answer 0, not -1, together with an error: the count of pages that were done.
bool CountsPagesOnError(OpCode code) {
  return code == OpCode::k_gup_read || code == OpCode::k_gup_write ||
         code == OpCode::k_proc_mem_read || code == OpCode::k_proc_mem_write;
}

std::int64_t RetOf(const Record& r) {
  if (r.outcome.ret) return *r.outcome.ret;
  const bool failed = r.outcome.status == Outcome::Status::kError;
  return failed && !CountsPagesOnError(r.code) ? -1 : 0;
}

void WriteRuns(JsonWriter* j, std::string_view key,
               const std::vector<std::pair<int, std::uint64_t>>& runs) {
  j->Array(key, [&] {
    for (const auto& run : runs) {
      j->Array([&] {
        if (run.first == kNotMapped) {
          j->Value("-");
        } else if (run.first == kNotPresent) {
          j->Value("s");
        } else {
          j->Value(run.first);
        }
        j->Value(static_cast<std::int64_t>(run.second));
      });
    }
  });
}

void WriteNodes(JsonWriter* j, const Outcome& outcome) {
  j->Array("nodes", [&] {
    for (const auto& run : outcome.nodes) {
      j->Array([&] {
        const int node = run.first;
        if (node == kNodeNotWritten) {
          j->Null();
        } else if (node < 0) {
          j->Value(ErrnoName(static_cast<Errno>(-node)));
        } else {
          j->Value(node);
        }
        j->Value(static_cast<std::int64_t>(run.second));
      });
    }
  });
}

void WriteOut(JsonWriter* j, const Outcome& outcome) {
  if (outcome.out_pages) {
    j->Field("out", *outcome.out_pages);
  } else if (outcome.out_error != Errno::kOk) {
    j->Field("out", ErrnoName(outcome.out_error));
  } else {
    j->Null("out");
  }
}

void WriteScan(JsonWriter* j, const Outcome& outcome, const Names& names) {
  j->Field("walk_end", names.Place(outcome.walk_end));
  j->Array("regions", [&] {
    for (const ScanRegion& region : outcome.regions) {
      j->Object([&] {
        j->Field("at", names.Place(region.start));
        const std::uint64_t pages = (region.end - region.start) / names.page_size();
        j->Field("count", static_cast<std::int64_t>(pages));
        j->Field("categories", CategoryLetters(region.categories));
      });
    }
  });
}

void WriteMessage(JsonWriter* j, const NamedMessage& named, const Names& names) {
  const Message& m = named.message;
  const auto count = static_cast<std::int64_t>(m.length / names.page_size());
  j->Object([&] {
    switch (m.type) {
      case Message::Type::kPagefault:
        j->Field("type", "pagefault");
        j->Field("at", names.Place(m.address));
        j->Field("flags", FaultFlagsText(m.flags));
        // Every operation runs in a thread of its own; which number it got is not shown.
        if (m.has_ptid) j->Field("ptid", 1);
        break;
      case Message::Type::kFork:
        j->Field("type", "fork");
        j->Field("uffd", named.child);
        break;
      case Message::Type::kRemap:
        j->Field("type", "remap");
        j->Field("from", names.Place(m.address));
        j->Field("to", names.Place(m.to));
        j->Field("count", count);
        break;
      case Message::Type::kRemove:
      case Message::Type::kUnmap:
        j->Field("type", m.type == Message::Type::kRemove ? "remove" : "unmap");
        j->Field("at", names.Place(m.address));
        j->Field("count", count);
        break;
    }
  });
}

void WriteStatus(JsonWriter* j, const Record& r, std::uint32_t answers, const Names& names) {
  const Outcome& o = r.outcome;
  if (o.status == Outcome::Status::kError && (answers & kErrnoIsStatus) != 0) {
    j->Field("status", ErrnoName(o.error));
    return;
  }
  j->Field("status", StatusWord(o.status));
  switch (o.status) {
    case Outcome::Status::kError: j->Field("errno", ErrnoName(o.error)); break;
    case Outcome::Status::kBlocked: j->Field("blocked_in", o.blocked_in); break;
    case Outcome::Status::kSignal:
      j->Field("signal", o.signal);
      j->Field("code", SignalCodeWord(o.signal_code));
      j->Field("at", names.Place(o.signal_at));
      break;
    case Outcome::Status::kBad: j->Field("reason", o.reason); break;
    case Outcome::Status::kOk:
    case Outcome::Status::kStarted:
    case Outcome::Status::kDied: break;
  }
}

// Everything after the status of an operation that ended.
void WriteAnswers(JsonWriter* j, const Record& r, std::uint32_t answers, const Names& names) {
  const Outcome& o = r.outcome;
  const bool ok = o.status == Outcome::Status::kOk;
  if ((answers & kRet) != 0) j->Field("ret", RetOf(r));
  if ((answers & kCall) != 0 && !ok) j->Field("call", o.call);
  if ((answers & kOffered) != 0) {
    j->Field("features", absl::StrFormat("0x%x", o.features));
    j->Field("ioctls", absl::StrFormat("0x%x", o.ioctls));
  }
  if ((answers & kIoctls) != 0 && ok) j->Field("ioctls", absl::StrFormat("0x%x", o.ioctls));
  if ((answers & kOut) != 0) WriteOut(j, o);
  if ((answers & kValues) != 0 || ((answers & kValuesIfOk) != 0 && ok)) {
    WriteRuns(j, "values", o.values);
  }
  if ((answers & kTo) != 0 && ok) j->Field("to", r.to);
  if ((answers & kChild) != 0 && ok) j->Field("child", r.child);
  if ((answers & kScan) != 0) WriteScan(j, o, names);
  if ((answers & kNodes) != 0) WriteNodes(j, o);
  if ((answers & kNext) != 0) j->Field("next", r.next);
  if ((answers & kKsm) != 0) {
    j->Field("shared", static_cast<std::int64_t>(o.ksm_shared));
    j->Field("sharing", static_cast<std::int64_t>(o.ksm_sharing));
  }
  if ((answers & kMessages) != 0) {
    j->Array("messages", [&] {
      for (const NamedMessage& message : r.messages) WriteMessage(j, message, names);
    });
  }
}

void WriteRecord(JsonWriter* j, const Record& r, const Names& names) {
  const std::uint32_t answers = SyntaxOf(r.code).answers;
  const Outcome::Status status = r.outcome.status;
  const bool ended = status == Outcome::Status::kOk || status == Outcome::Status::kError ||
                     status == Outcome::Status::kSignal;
  j->Object([&] {
    j->Field("i", r.index);
    j->Field("process", r.process);
    j->Field("op", OpName(r.code));
    if (!r.thread.empty()) j->Field("thread", r.thread);
    if ((answers & kNoStatus) == 0 || status == Outcome::Status::kBad) {
      WriteStatus(j, r, answers, names);
    }
    if (ended) WriteAnswers(j, r, answers, names);
    if (!r.resumed.empty()) {
      j->Array("resumed", [&] {
        for (const Record& resumed : r.resumed) WriteRecord(j, resumed, names);
      });
    }
    if (!r.auto_resolved.empty()) {
      j->Array("auto_resolved", [&] {
        for (const AutoResolved& row : r.auto_resolved) {
          j->Object([&] {
            j->Field("uffd", row.uffd);
            j->Field("at", row.at);
            j->Field("flags", row.flags);
            j->Field("action", row.action);
            if (row.error == Errno::kOk) {
              j->Field("errno", 0);
            } else {
              j->Field("errno", ErrnoName(row.error));
            }
          });
        }
      });
    }
  });
}

}  // namespace

std::string FaultFlagsText(std::uint64_t flags) {
  std::string text = (flags & 1U) != 0 ? "W" : "R";
  if ((flags & 2U) != 0) text += "+WP";
  if ((flags & 4U) != 0) text += "+MINOR";
  if ((flags & 8U) != 0) text += "+RWP";
  return text;
}

std::string_view StatusWord(Outcome::Status status) {
  switch (status) {
    case Outcome::Status::kOk: return "ok";
    case Outcome::Status::kError: return "error";
    case Outcome::Status::kBlocked: return "blocked";
    case Outcome::Status::kSignal: return "signal";
    case Outcome::Status::kDied: return "died";
    case Outcome::Status::kBad: return "bad";
    case Outcome::Status::kStarted: return "started";
  }
  return "?";
}

std::string_view SignalCodeWord(std::string_view code) {
  for (const std::string_view prefix : {"SEGV_", "BUS_"}) {
    if (code.substr(0, prefix.size()) == prefix) return code.substr(prefix.size());
  }
  return code;
}

std::string RecordJson(const Record& record, const Names& names) {
  JsonWriter j;
  WriteRecord(&j, record, names);
  return j.text();
}

std::string FirstLine(std::string_view profile, std::string_view arch, std::uint64_t page_size) {
  JsonWriter j;
  j.Object([&] {
    j.Field("kernel", absl::StrCat("model ", std::string(profile)));
    j.Field("arch", arch);
    j.Field("page_size", static_cast<std::int64_t>(page_size));
  });
  return j.text();
}

std::string LastLine(std::size_t operations) {
  JsonWriter j;
  j.Object([&] { j.Field("end", static_cast<std::int64_t>(operations)); });
  return j.text();
}

}  // namespace uffdsim

// What one operation of a run came to, and its JSON line.
//
// The fields, their order and when they appear are those of the recordings of the real kernel
// (tests/golden/scenarios); Answers of syntax.h says which operation has which.
// Owned by: the caller. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/op/operation.h"
#include "sim/scenario/names.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// A message with its names: a context that is made later must not change what was printed.
struct NamedMessage {
  Message message;
  std::string child;  // fork: the new context's name
};

struct AutoResolved {
  std::string uffd;
  std::string at;
  std::string flags;
  std::string_view action;  // rwprotect, writeprotect, continue, copy
  Errno error = Errno::kOk;
};

// What the referee found broken after an operation.
struct RecordViolation {
  std::string invariant;  // name of the row of invariants.def
  std::string sentence;
  std::string at;      // "0:A:3"
  std::string step;    // "swap_in/rebuild", what changed the page last
  std::string kernel;  // file and function of that path
  std::string before;  // the page's entry before the step and after it, "pte PUAN"; "" unknown
  std::string after;
  std::string detail;
};

struct Record {
  int index = 0;
  std::uint32_t process = 0;
  OpCode code{};
  int line = 0;  // of the scenario's text
  Outcome outcome;
  std::string to;           // mremap: the new place
  std::uint32_t child = 0;  // fork
  std::vector<NamedMessage> messages;
  std::vector<Record> resumed;
  std::vector<AutoResolved> auto_resolved;
  std::vector<RecordViolation> violations;
  std::string json;  // the whole line, without a newline
};

// "R+RWP"
std::string FaultFlagsText(std::uint64_t flags);
std::string_view StatusWord(Outcome::Status status);
// "MAPERR": codes are printed without the signal's prefix.
std::string_view SignalCodeWord(std::string_view code);

// The line of a record (all but `observe`, see observe.h), complete with `resumed`.
std::string RecordJson(const Record& record, const Names& names);

// The first and last line of a run.
std::string FirstLine(std::string_view profile, std::string_view arch, std::uint64_t page_size);
std::string LastLine(std::size_t operations);

}  // namespace uffdsim

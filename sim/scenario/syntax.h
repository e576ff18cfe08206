// The grammar of operations, compiled from the rows of syntax.def.
//
// One row gives the parser its form, the formatter its order, error messages their "expected", and
// the records their fields. Adding an operation is one row here and one in operations.def.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/scenario/statement.h"

namespace uffdsim {

// Which fields an operation's record has beside `status`.
enum Answers : std::uint32_t {
  kNothing = 0,
  kRet = 1U << 0,
  kValues = 1U << 1,
  kValuesIfOk = 1U << 2,
  kTo = 1U << 3,
  kChild = 1U << 4,
  kCall = 1U << 5,     // `call` when it failed
  kOffered = 1U << 6,  // features and ioctls
  kIoctls = 1U << 7,
  kOut = 1U << 8,
  kMessages = 1U << 9,
  kScan = 1U << 10,  // walk_end and regions
  kNodes = 1U << 11,
  kKsm = 1U << 12,  // shared and sharing
  kErrnoIsStatus = 1U << 13,
  kNoStatus = 1U << 14,
  kObservation = 1U << 15,
  kNext = 1U << 16,       // where the thread is now
  kModelOnly = 1U << 17,  // no field: a real kernel cannot be told to do this
};

struct SyntaxParameter {
  enum class Form : std::uint8_t {
    kRequired,    // a word in its place
    kOptional,    // a word in its place, may be missing
    kKeyword,     // `word=value`, anywhere after the places
    kFlag,        // `word`
    kRepeated,    // any number of words
    kRestOfLine,  // everything up to the end of the line
  } form{};
  Role role{};
  std::string_view word;   // the keyword or flag, or the placeholder's name
  std::uint32_t flag = 0;  // kFlag: the bit of OpFlags
};

struct Syntax {
  OpCode code{};
  std::string_view name;
  std::string_view arguments;
  std::uint32_t answers = 0;
  std::vector<SyntaxParameter> parameters;
};

// All operations, in the order of OpCode.
std::span<const Syntax> AllSyntax();
const Syntax& SyntaxOf(OpCode code);
const Syntax* FindSyntax(std::string_view operation);  // null when unknown
std::string_view OpName(OpCode code);

}  // namespace uffdsim

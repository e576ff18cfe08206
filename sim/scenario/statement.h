// A scenario as data: lines of text turned into typed statements, before any address exists.
//
// Places are named (`A:3`), not numbered, so that a statement means the same under every
// architecture; translate.h turns it into an Operation once the page size is known.
//
// Owned by: the caller. Plain values; comparing two compares what they say, not where they stood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/op/operation.h"

namespace uffdsim {

// `3` is pages = 3; `3+17` adds 17 bytes; `b4096` is bytes alone.
struct Quantity {
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const Quantity&, const Quantity&) = default;
};

// What one argument of an operation says. The order is that of the bits in Statement::given.
enum class Role : std::uint8_t {
  kRegion,
  kOffset,
  kLength,
  kRegion2,
  kOffset2,
  kLength2,
  kMapKind,
  kProt,
  kFile,
  kFileOffset,
  kAt,
  kByte,
  kAdvice,
  kTarget,
  kPin,
  kUffd,
  kFeatures,
  kApi,
  kModes,
  kOnOff,
  kModeWord,
  kDisable,
  kSource,
  kPunchAlloc,
  kNodeOrQuery,
  kNumber,
  kNumber2,
  kNumber3,
  kCategory,
  kInverted,
  kAnyof,
  kReturn,
  kScanFlags,
  kVec,
  kMax,
  kSize,
  kPath,
  kText,
  kRegions,
  kObservedProcess,
  kThread,   // step: whose
  kSteps,    // step: how many, `run` or `until`
  kUntil,    // step: PATH.STEP
  kPoint,    // choose: a row of choices.def
  kOrdinal,  // choose: the how manieth time
  kFlag,     // a bare word such as `dontwake`; sets a bit of Statement::flags, not of `given`
};

struct Statement {
  OpCode code{};
  std::uint32_t process = 0;
  std::uint64_t given = 0;  // bit per Role: which optional arguments were written

  std::string thread;   // `thread T` before the operation; step: the thread that takes steps
  std::string region;   // also the region of `offset`
  std::string region2;  // mremap: destination, "-" in place; move, copy: source
  std::string file;
  std::string uffd;
  std::string path;  // sysfs; step: PATH.STEP
  std::string text;  // sysfs value, ksm verb, note; step: run or until; choose: point
  std::vector<std::string> regions;  // observe

  Quantity offset;  // in the region, or in the file for file operations
  Quantity length;
  Quantity offset2;
  Quantity length2;
  Quantity at;
  Quantity file_offset;

  std::uint64_t number = 0;   // byte, node, policy, milliseconds, steps, ..
  std::uint64_t number2 = 0;  // mbind: node mask
  std::uint64_t mode = 0;     // register: modes; `mode=`; mbind: flags
  std::uint64_t features = 0;
  std::uint64_t disable = 0;
  std::uint64_t api = 0xAA;
  std::uint32_t flags = 0;  // OpFlags
  std::uint32_t pin = 0;
  std::uint32_t target = 0;    // fork, exit, of=
  std::uint32_t observed = 0;  // observe p=
  std::uint8_t prot = kProtRead | kProtWrite;
  MapKind map_kind{};
  Advice advice{};
  ScanArgs scan{};

  bool Has(Role role) const { return (given >> static_cast<int>(role) & 1U) != 0; }
  void Give(Role role) { given |= std::uint64_t{1} << static_cast<int>(role); }
  friend bool operator==(const Statement&, const Statement&);
};

// A line that says how the scenario is run, before its first operation.
// `hardware tlb`: user accesses go through a translation cache that only flushes empty.
inline constexpr std::string_view kTlb = "tlb";

struct Header {
  enum class Kind : std::uint8_t { kArch, kProfile, kDefect, kHardware } kind{};
  std::vector<std::string> names;
  friend bool operator==(const Header&, const Header&) = default;
};

// `expect ...`: what must hold after the operation above it.
struct Expectation {
  enum class Kind : std::uint8_t {
    kStatus,     // ok | error [ERRNO] | blocked [WHERE] | signal [NAME [CODE [PLACE]]] | bad, died
    kRet,        // ret N
    kOut,        // out N | ERRNO | none
    kValues,     // values BYTE[*COUNT] ..
    kMessages,   // messages N: how many were read
    kMessage,    // message TYPE PLACE ..: one of them, in any order
    kResumed,    // resumed OP STATUS: an earlier operation ended now; resumed none
    kNext,       // next PATH.STEP | asleep [WHERE] | done: where a thread is after `step`
    kIoctls,     // ioctls MASK: what register offers
    kWalkEnd,    // walk_end PLACE: of scan
    kRegions,    // regions PLACE*COUNT=CATEGORIES ..: of scan
    kPage,       // page R off [n] field=PATTERN ..: what observe raw shows for these pages
    kVma,        // vma R off field=VALUE ..
    kViolation,  // violation NAME | none: what the referee says
  } kind{};
  std::uint32_t process = 0;
  std::string region;  // page, vma
  Quantity offset;
  Quantity length{1, 0};
  std::vector<std::string> words;  // the rest, as written
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

struct Line {
  enum class Kind : std::uint8_t { kBlank, kHeader, kOperation, kExpect } kind = Kind::kBlank;
  int number = 0;  // from 1; not compared
  Header header;
  Statement statement;
  Expectation expectation;
  std::string comment;  // without '#'
  bool has_comment = false;
  friend bool operator==(const Line&, const Line&);
};

struct Scenario {
  std::string name;  // file name or what the caller gave; stands in front of error messages
  std::vector<Line> lines;
  friend bool operator==(const Scenario& a, const Scenario& b) { return a.lines == b.lines; }
};

}  // namespace uffdsim

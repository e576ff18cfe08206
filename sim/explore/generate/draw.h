// What every drawer of statements has at hand: random numbers, what the machine looks like, and
// what this run's swarm configuration prefers.
//
// Mirrors: Groce et al., "Swarm Testing" (ISSTA 2012): each run leaves features out, so that what
//          they mask gets its turn.
// Owned by: Generator; a drawer gets a reference for one statement.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/rng.h"
#include "sim/explore/generate/sight.h"

namespace uffdsim {

// Kinds of statements that a swarm configuration leaves out or prefers together.
enum class Group : std::uint8_t {
  kAccess,
  kProtect,   // RWPROTECT, WRITEPROTECT, SET_MODE
  kRegister,  // REGISTER, UNREGISTER, close, new contexts
  kResolve,   // answering messages
  kFill,      // COPY, ZEROPAGE, CONTINUE, POISON
  kMove,      // UFFDIO_MOVE
  kScan,
  kAdvice,
  kGuard,
  kHuge,  // THP and collapse
  kSwap,
  kMigrate,
  kKsm,
  kFork,
  kMapping,
  kRemap,
  kMprotect,
  kFile,
  kGup,
  kPin,
  kKernelCopy,
  kClearRefs,
  kLock,
  kLook,
  kEnvironment,  // what no system call reaches
  kSchedule,     // threads stopped between steps
  kCount,
};

// One run's choice of features.
// What the kernel that performs a sequence, or its machine, does not have.
struct KernelLacks {
  bool rwp = false;
  bool wp = false;
  bool minor = false;
  bool machine_wide = false;   // swap, KSM, caches and settings must be left alone
  bool hugetlb = false;        // a pool of huge pages
  bool second_node = false;    // a second memory node
  bool huge_settings = false;  // huge pages as scenarios take them (scenario/kernel_settings.def)
  bool page_tables = false;    // a way to see them
};

struct Swarm {
  // How much of each group there is, in quarters of its usual share; 0 leaves it out.
  std::uint32_t share[static_cast<std::size_t>(Group::kCount)] = {};
  std::vector<std::string> kinds;  // of mappings, as words of the language; not empty
  std::vector<std::string> modes;  // of registrations; not empty
  bool asynchronous = false;       // contexts resolve RWP or WP faults themselves
  bool events = false;             // contexts ask for events
  bool fork_event = false;
  bool errors = false;     // some arguments are wrong on purpose
  bool processes = false;  // operations of children and on children
  bool sigbus = false;
  KernelLacks lacks;
};

class Draw {
 public:
  Draw(Rng* rng, const Swarm* swarm, const Sight* sight)
      : rng_(*rng), swarm_(*swarm), sight_(*sight) {}

  const Swarm& swarm() const { return swarm_; }
  const Sight& sight() const { return sight_; }

  // --- numbers ---
  std::uint64_t Below(std::uint64_t bound) { return rng_.Below(bound); }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }
  bool Chance(std::uint64_t percent) { return Below(100) < percent; }
  std::uint64_t Byte() { return Between(1, 255); }
  template <class T>
  const T& Pick(const std::vector<T>& of) {
    return of[Below(of.size())];
  }
  std::string Word(std::initializer_list<std::string_view> words) {
    return std::string(words.begin()[Below(words.size())]);
  }
  // Some of the words, with commas; may be empty.
  std::string Some(std::initializer_list<std::string_view> words, std::uint64_t percent);

  // --- places: null when there is none ---
  const Area* AnyArea() {
    return Where([](const Area&) { return true; });
  }
  template <class Fits>
  const Area* Where(Fits&& fits) {
    std::vector<const Area*> fitting;
    for (const Area& area : sight_.areas) {
      if (fits(area)) fitting.push_back(&area);
    }
    return fitting.empty() ? nullptr : Pick(fitting);
  }

  // "R 3 2": a range in the area, as `region offset length`; whole huge pages where it matters.
  std::string Range(const Area& area);
  std::string Whole(const Area& area);
  // "R 3": one page.
  std::string Page(const Area& area);
  // "R 3 2" with two pages or less, for accesses.
  std::string Few(const Area& area);
  // "@2 " when the process is not 0.
  static std::string In(std::uint32_t process);
  // A name that no region, file or context has yet.
  std::string FreshName(const std::string& letter);
  // A process that can use the context.
  std::string As(const Area& area) { return In(area.holder); }

 private:
  struct Span {
    std::uint64_t page;
    std::uint64_t pages;
  };
  Span SpanIn(const Area& area);

  Rng& rng_;
  const Swarm& swarm_;
  const Sight& sight_;
};

// A drawer: one line of the scenario language, or "" when the machine offers no occasion.
using Drawer = std::string (*)(Draw&);

#define GENERATE(drawer, group, weight, where, needs) std::string drawer(Draw& d);
#include "sim/explore/generate/generate.def"
#undef GENERATE

// Words of a registration and of a new context, as the swarm configuration likes them.
std::string DrawModes(Draw& d);
std::string DrawFeatures(Draw& d);

}  // namespace uffdsim

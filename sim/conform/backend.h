// A kernel that performs scenarios: this machine's, one in a virtual machine, or its recordings.
//
// Owned by: the caller. One thread. Errors: a Status when the kernel cannot be reached at all; what
// happens to one scenario is in its run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace uffdsim {

struct KernelRun {
  std::string kernel;  // "7.3.4+deb13-cloud-amd64"
  std::string built;   // what the kernel says of its build
  std::string arch;    // "x86_64"
  std::uint64_t page_size = 4096;
  std::optional<std::uint32_t> nodes;         // memory nodes, where it says so
  bool proc_mem_forces = false;               // /proc/PID/mem overrides permissions
  std::uint64_t offered = ~std::uint64_t{0};  // features of UFFDIO_API
  std::string lacks;                 // what it cannot show (kernel/look.h) and do (kernel/play.cc)
  std::vector<std::string> records;  // JSON, one for each operation that ended or slept
  // The first record made after the kernel had looked for memory to reclaim: young bits say nothing
  // from there on.
  std::size_t reclaimed_from = ~std::size_t{0};
  std::string skipped;  // why the kernel cannot do it: nothing was run
  std::string failed;   // hung, crashed, or no executor: the records end early
  bool hung = false;    // failed because an operation neither ended nor slept in a uffd wait
  bool cut = false;     // a recording, which may be comparable up to some record only
};

// Which of several woken operations runs first; the model does the first of the two.
enum class RunOrder : std::uint8_t { kNewestFirst, kOldestFirst };

class Backend {
 public:
  virtual ~Backend() = default;
  // `name` appears in messages, and names a recording.
  virtual absl::StatusOr<KernelRun> Run(const std::string& name, const std::string& text,
                                        RunOrder order) = 0;
  // Runs a static program as root and answers its output, line by line, as the run's records; one
  // that does not end has failed. Errors: Unimplemented where programs are not run.
  virtual absl::StatusOr<KernelRun> RunProgram(const std::string& name, const std::string& image);
  // The file that the kernel comes from, for provenance; empty when none is known.
  virtual std::string Image() const { return ""; }
  // As uname -m; empty where nothing is run.
  virtual std::string Arch() const { return ""; }
  // What the kernel says of itself, without records; it is asked once.
  absl::StatusOr<KernelRun> Identity();
  // "this kernel", "virtual machine (tcg)", ..
  virtual std::string Description() const = 0;

 private:
  std::optional<KernelRun> identity_;
};

// Puts one line of an executor's output into the run; false when it is none of its own.
bool TakeExecutorLine(const std::string& line, KernelRun* run);

}  // namespace uffdsim

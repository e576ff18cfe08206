// A scenario as a stand-alone C program: what a kernel developer compiles, runs and attaches to a
// report.
//
// The program performs the operations with the same system calls at the same addresses, each in a
// thread of its own, and prints what each answered, which ones sleep in a userfaultfd wait, and
// what pagemap and PAGEMAP_SCAN show wherever the scenario observes. It sets the kernel as
// scenarios take it (kernel_settings.def) and puts that back. No dependencies beyond libc. Errors:
// InvalidArgument for an operation that no system call reaches.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

// `page_size` in bytes: addresses and lengths are written out.
absl::StatusOr<std::string> ExportC(const Scenario& scenario, std::uint64_t page_size);

// The fixed part of every program: threads, processes, waiting, printing.
std::string_view ExportedRuntime();

}  // namespace uffdsim

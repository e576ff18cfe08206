// A finding's stand-alone C program, compiled and run on a kernel: does it do there what the
// scenario did that it was made from?
//
// Compared: how each operation ended (ok, errno, signal, wait channel), the bytes that it read, and
// what pagemap and PAGEMAP_SCAN say of every page at the end.
// Errors: Unimplemented where the kernel runs no programs, FailedPrecondition when the compiler
// refuses the program.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"
#include "sim/conform/findings_page.h"

namespace uffdsim {

// One sentence: "reproducer: the same .." when it does.
absl::StatusOr<std::string> Reproduce(const FindingRow& row, const Confirmation& confirmation,
                                      const std::string& arch, Backend* backend);

// The first operation in which a program's output differs from the records of its scenario, or
// empty. Lines that belong to no operation are passed over.
std::string ReproducerDiffers(const std::vector<std::string>& output,
                              const std::vector<std::string>& records);

}  // namespace uffdsim

// The file system that a virtual machine starts with: the executor as its first process, and kernel
// modules. A cpio archive as usr/gen_init_cpio.c writes it ("newc"), uncompressed.
//
// Errors: NotFound for a file that cannot be read.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace uffdsim {

// `modules` are loaded in this order. `arguments` of the kernel's command line choose nothing here.
absl::Status WriteInitramfs(const std::string& path, const std::string& executor,
                            const std::vector<std::string>& modules);

}  // namespace uffdsim

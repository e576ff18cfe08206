// Which function of the kernel a step models, by the name of its path or of its operation.
//
// Owned by: constant tables; the names are "file function()", as of Linux 7.3.
#pragma once

#include <string_view>

namespace uffdsim {

// A step of a path is named by the path, the first step of an operation by the operation. Empty
// for a name that is neither, and for what no kernel does (`note`, `observe`, ..).
std::string_view KernelOf(std::string_view path_or_operation);

}  // namespace uffdsim

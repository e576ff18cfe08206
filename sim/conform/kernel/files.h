// Reading and writing whole small files of /proc and /sys.
//
// Errors: reading answers an empty text, writing answers errno.
#pragma once

#include <string>

namespace uffdsim {

std::string ReadWhole(const std::string& path);
// 0, or errno.
int WriteWhole(const std::string& path, const std::string& text);

// Without the white space at its end.
std::string Trimmed(std::string text);

}  // namespace uffdsim

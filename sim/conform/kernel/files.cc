#include "sim/conform/kernel/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace uffdsim {

std::string ReadWhole(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::string text;
  char buffer[65536];
  for (ssize_t n = 0; (n = read(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(file);
  return text;
}

int WriteWhole(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t n = write(file, text.data(), text.size());
  const int error = n < 0 ? errno : 0;
  close(file);
  return error;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace uffdsim

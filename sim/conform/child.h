// A child process with pipes for its standard input and output: an executor or a virtual machine.
//
// Owned by: the caller; the destructor kills the process. Errors: what cannot be started says so;
// reading answers why nothing more comes. Units: milliseconds.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace uffdsim {

class Child {
 public:
  enum class Read { kLine, kEnd, kTimeout };

  Child() = default;
  ~Child() { Kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // `arguments[0]` is looked for in PATH. Standard error goes to `errors`, a file; "" leaves it.
  absl::Status Start(const std::vector<std::string>& arguments, const std::string& errors);
  bool running() const { return pid_ > 0; }
  // False when the process does not read any more.
  bool Write(std::string_view text);
  void CloseInput();
  // The next line without its newline; kEnd when the process closed its output.
  Read ReadLine(std::chrono::milliseconds patience, std::string* line);
  // Waits for the end; the exit code, 128 + signal for a signal.
  int Wait();
  void Kill();

 private:
  pid_t pid_ = -1;
  int in_ = -1;   // to the child
  int out_ = -1;  // from the child
  std::string pending_;
};

}  // namespace uffdsim

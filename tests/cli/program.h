// The built program, run by a shell.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace uffdsim {

struct Answer {
  int code = -1;
  std::string text;  // standard output and standard error
};

inline Answer RunProgram(const std::string& arguments) {
  const std::string command = std::string(UFFDSIM_PROGRAM) + " " + arguments + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  Answer answer;
  char buffer[4096];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0) answer.text.append(buffer, n);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) answer.code = WEXITSTATUS(status);
  return answer;
}

}  // namespace uffdsim

// The scenario's files, kept open by the session: a file is there for every process, whoever made
// it and whoever ended since.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

class KeptFiles {
 public:
  KeptFiles() = default;
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;
  ~KeptFiles() {
    for (const auto& [file, descriptor] : files_) close(descriptor);
  }

  // `descriptor` is open in process `pid`.
  void Keep(FileId file, pid_t pid, int descriptor) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
    const int ours = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (ours >= 0) files_.emplace_back(file, ours);
  }
  bool Has(FileId file) const { return Find(file) >= 0; }
  // What another process opens to get the file.
  std::string PathOf(FileId file) const {
    return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(Find(file));
  }

 private:
  int Find(FileId file) const {
    for (const auto& [known, descriptor] : files_) {
      if (known == file) return descriptor;
    }
    return -1;
  }

  std::vector<std::pair<FileId, int>> files_;
};

}  // namespace uffdsim

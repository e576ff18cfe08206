// Which process has which userfaultfd, file and ring open, and under which descriptor.
//
// Mirrors: struct files_struct: copied by fork, gone with the process.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/base/ids.h"

namespace uffdsim {

class Holders {
 public:
  enum class Kind : std::uint8_t { kUffd, kFile, kRing };
  struct Row {
    std::uint32_t process = 0;
    Kind kind{};
    std::uint32_t id = 0;  // CtxId, FileId or the number of the pin
    int descriptor = -1;
  };
  using Table = std::vector<Row>;

  void Open(std::uint32_t process, Kind kind, std::uint32_t id, int descriptor) {
    rows_.push_back({process, kind, id, descriptor});
  }
  // -1 when the process does not have it. Of several rings with one number, the first.
  int Find(std::uint32_t process, Kind kind, std::uint32_t id) const {
    for (const Row& row : rows_) {
      if (row.process == process && row.kind == kind && row.id == id) return row.descriptor;
    }
    return -1;
  }
  void Close(std::uint32_t process, Kind kind, int descriptor) {
    std::erase_if(rows_, [&](const Row& row) {
      return row.process == process && row.kind == kind && row.descriptor == descriptor;
    });
  }
  // Nobody but `process` has what `descriptor` refers to (descriptors survive fork by number).
  bool OnlyHolder(std::uint32_t process, Kind kind, std::uint32_t id) const {
    return std::none_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.process != process && row.kind == kind && row.id == id;
    });
  }
  Table Of(std::uint32_t process) const {
    Table table;
    for (const Row& row : rows_) {
      if (row.process == process) table.push_back(row);
    }
    return table;
  }
  void Inherit(std::uint32_t child, const Table& table) {
    for (Row row : table) {
      row.process = child;
      rows_.push_back(row);
    }
  }
  void Forget(std::uint32_t process) {
    std::erase_if(rows_, [&](const Row& row) { return row.process == process; });
  }

 private:
  Table rows_;
};

}  // namespace uffdsim

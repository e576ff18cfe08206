#include "sim/cli/commands.h"

namespace uffdsim {

absl::Status TraceInfoCommand(const std::string& path, OnDamage on_damage, OutputShape shape,
                              std::ostream& out) {
  const absl::StatusOr<TraceInfo> info = ReadTraceInfo(path, on_damage);
  if (!info.ok()) return info.status();
  switch (shape) {
    case OutputShape::kTable: out << TraceInfoTable(*info); break;
    case OutputShape::kJson: out << TraceInfoJson(*info); break;
  }
  return absl::OkStatus();
}

}  // namespace uffdsim

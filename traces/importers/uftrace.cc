// The project's own format as one row among the others.
#include "traces/reader.h"

#include <algorithm>

#include "traces/formats.h"

namespace uffdsim {

bool IsUftrace(std::span<const uint8_t> head) {
  return head.size() >= uft::kMagic.size() &&
         std::equal(uft::kMagic.begin(), uft::kMagic.end(), head.begin());
}

absl::Status ImportUftrace(std::unique_ptr<ByteSource> source, const ImportOptions&,
                           EventSink& sink) {
  absl::StatusOr<std::unique_ptr<TraceReader>> reader = TraceReader::Open(std::move(source));
  if (!reader.ok()) return reader.status();
  return SendAll(**reader, sink);
}

std::unique_ptr<EventSink> ExportUftrace(std::unique_ptr<ByteSink> out,
                                         const TraceWriterOptions& options) {
  return std::make_unique<TraceWriter>(std::move(out), options);
}

}  // namespace uffdsim

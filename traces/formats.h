// The catalogue of trace formats: what can be read, what can be written, and which one this is.
//
// Rules:  a format is one file in traces/importers and one row of formats.def. Importers see the
//         bytes inside zstd frames, never the frames.
// Errors: importers report the file, the position (byte offset or line) and what was expected.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "traces/bytes.h"
#include "traces/event.h"
#include "traces/writer.h"

namespace uffdsim {

struct ImportOptions {
  uint32_t vcpus = 0;      // for inputs that do not say how many; 0: one
  uint64_t ram_pages = 0;  // for inputs that do not say how much; 0: what the input says
};

// Whether a file that begins with these bytes (up to kPeekBytes) is of the format.
using FormatMatch = bool (*)(std::span<const uint8_t> head);

// Sends the whole input to `sink`: Begin and Add, but not Finish, which belongs to the caller.
using FormatImport = absl::Status (*)(std::unique_ptr<ByteSource> source,
                                      const ImportOptions& options, EventSink& sink);

using FormatExport = std::unique_ptr<EventSink> (*)(std::unique_ptr<ByteSink> out,
                                                    const TraceWriterOptions& options);

struct TraceFormat {
  std::string_view name;
  std::string_view sentence;
  FormatMatch matches;
  FormatImport import;
  FormatExport make_exporter;  // null: read only
};

std::span<const TraceFormat> TraceFormats();

// InvalidArgument with the known names when there is none.
absl::StatusOr<const TraceFormat*> FindTraceFormat(std::string_view name);

// By content; InvalidArgument with the known formats when nothing matches.
absl::StatusOr<const TraceFormat*> DetectTraceFormat(const Peeked& input);

#define UFFDSIM_TRACE_IMPORTER(Id, name, sentence)                                          \
  bool Is##Id(std::span<const uint8_t> head);                                               \
  absl::Status Import##Id(std::unique_ptr<ByteSource> source, const ImportOptions& options, \
                          EventSink& sink);
#define UFFDSIM_TRACE_FORMAT(Id, name, sentence)                       \
  UFFDSIM_TRACE_IMPORTER(Id, name, sentence)                           \
  std::unique_ptr<EventSink> Export##Id(std::unique_ptr<ByteSink> out, \
                                        const TraceWriterOptions& options);
#include "traces/formats.def"
#undef UFFDSIM_TRACE_FORMAT
#undef UFFDSIM_TRACE_IMPORTER

}  // namespace uffdsim

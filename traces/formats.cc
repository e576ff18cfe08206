#include "traces/formats.h"

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

constexpr TraceFormat kFormats[] = {
#define UFFDSIM_TRACE_IMPORTER(Id, name, sentence) {name, sentence, Is##Id, Import##Id, nullptr},
#define UFFDSIM_TRACE_FORMAT(Id, name, sentence) {name, sentence, Is##Id, Import##Id, Export##Id},
#include "traces/formats.def"
#undef UFFDSIM_TRACE_FORMAT
#undef UFFDSIM_TRACE_IMPORTER
};

std::string KnownFormats() {
  std::string names;
  for (const TraceFormat& format : kFormats) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(format.name));
  }
  return names;
}

}  // namespace

std::span<const TraceFormat> TraceFormats() { return kFormats; }

absl::StatusOr<const TraceFormat*> FindTraceFormat(std::string_view name) {
  for (const TraceFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return absl::InvalidArgumentError(absl::StrCat("trace format: expected one of ", KnownFormats(),
                                                 ", found \"", std::string(name), "\""));
}

absl::StatusOr<const TraceFormat*> DetectTraceFormat(const Peeked& input) {
  for (const TraceFormat& format : kFormats) {
    if (format.matches(input.head)) return &format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(input.source->name(), ": offset 0: expected a trace (", KnownFormats(),
                   "), found ", input.head.empty() ? "an empty file" : "none of them"));
}

}  // namespace uffdsim

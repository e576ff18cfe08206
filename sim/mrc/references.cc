#include "sim/mrc/references.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "traces/formats.h"

namespace uffdsim {
namespace {

class Collector final : public EventSink {
 public:
  explicit Collector(ReferenceString* out) : out_(out) {}

  absl::Status Begin(const TraceHeader& header) override {
    out_->header = header;
    return absl::OkStatus();
  }

  absl::Status Add(const Event& event) override {
    if (event.entries.empty()) return absl::OkStatus();
    if (event.kind == EventKind::kEpoch) out_->epoch_begins.push_back(out_->pages.size());
    for (const std::uint32_t entry : event.entries) {
      const PageId page = EntryPage(entry);
      out_->page_count = std::max(out_->page_count, page + 1);
      out_->pages.push_back(page);
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  ReferenceString* out_;
};

}  // namespace

std::uint64_t CountDistinct(std::span<const PageId> pages, std::uint32_t page_count) {
  std::vector<bool> seen(page_count);
  std::uint64_t distinct = 0;
  for (const PageId page : pages) {
    distinct += seen[page] ? 0 : 1;
    seen[page] = true;
  }
  return distinct;
}

absl::StatusOr<ReferenceString> ReadReferences(const std::string& path) {
  ReferenceString result;
  result.path = path;
  if (path != "-") {
    absl::StatusOr<std::string> digest = DigestFile(path);
    if (!digest.ok()) return digest.status();
    result.digest = *std::move(digest);
  }
  absl::StatusOr<std::unique_ptr<ByteSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  absl::StatusOr<Peeked> peeked = PeekThroughZstd(*std::move(source));
  if (!peeked.ok()) return peeked.status();
  const absl::StatusOr<const TraceFormat*> format = DetectTraceFormat(*peeked);
  if (!format.ok()) return format.status();
  result.format = std::string((*format)->name);
  Collector collector(&result);
  const absl::Status status =
      (*format)->import(std::move(peeked->source), ImportOptions{}, collector);
  if (!status.ok()) return status;
  if (result.pages.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": a trace without accesses: expected at least one"));
  }
  result.footprint_pages = CountDistinct(result.pages, result.page_count);
  return result;
}

}  // namespace uffdsim

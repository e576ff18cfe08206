#include "sim/scenario/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

std::size_t IndexOf(std::vector<std::string>* names, std::string_view name) {
  const auto found = std::find(names->begin(), names->end(), name);
  if (found != names->end()) return static_cast<std::size_t>(found - names->begin());
  names->emplace_back(name);
  return names->size() - 1;
}

}  // namespace

void Names::Learn(const Scenario& scenario) {
  for (const Line& line : scenario.lines) {
    if (line.kind == Line::Kind::kExpect && !line.expectation.region.empty()) {
      Region(line.expectation.region);
    }
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    if (s.Has(Role::kRegion)) Region(s.region);
    if (!s.region2.empty() && s.region2 != "-") Region(s.region2);
    for (const std::string& region : s.regions) Region(region);
    if (s.Has(Role::kFile)) File(s.file);
  }
}

std::uint64_t Names::Region(std::string_view name) {
  return kSlotBase + IndexOf(&regions_, name) * kSlotBytes;
}

std::uint64_t Names::Address(std::string_view region, const Quantity& offset) {
  return Region(region) + Bytes(offset);
}

std::optional<std::size_t> Names::SlotOf(std::uint64_t address) const {
  if (address < kSlotBase) return std::nullopt;
  const std::uint64_t slot = (address - kSlotBase) / kSlotBytes;
  if (slot >= regions_.size()) return std::nullopt;
  return static_cast<std::size_t>(slot);
}

std::string Names::Place(std::uint64_t address) const {
  const auto slot = SlotOf(address);
  if (!slot) return "?";
  const Quantity offset = Pages((address - kSlotBase) % kSlotBytes);
  std::string place = absl::StrCat(regions_[*slot], ":", offset.pages);
  if (offset.bytes != 0) absl::StrAppend(&place, "+", offset.bytes);
  return place;
}

FileId Names::File(std::string_view name) {
  return FileId(static_cast<std::uint16_t>(IndexOf(&files_, name) + 1));
}

std::string Names::FileName(FileId file) const {
  if (file.value == 0 || file.value > files_.size()) return absl::StrCat("M", file.value);
  return files_[file.value - 1U];
}

CtxId Names::Context(std::string_view name) const {
  // The last binding counts: a name may be given to a new context after a close.
  for (auto row = contexts_.rbegin(); row != contexts_.rend(); ++row) {
    if (row->first == name) return row->second;
  }
  return CtxId{};
}

void Names::BindContext(std::string_view name, CtxId ctx) {
  contexts_.emplace_back(std::string(name), ctx);
}

std::string Names::ContextName(CtxId ctx) const {
  for (const auto& [name, id] : contexts_) {
    if (id == ctx) return name;
  }
  return absl::StrCat("U", ctx.value);
}

std::optional<MmId> Names::Process(std::uint32_t number) const {
  for (const auto& [known, mm] : processes_) {
    if (known == number) return mm;
  }
  return std::nullopt;
}

void Names::BindProcess(std::uint32_t number, MmId mm) {
  ForgetProcess(number);
  processes_.emplace_back(number, mm);
  std::sort(processes_.begin(), processes_.end());
}

void Names::ForgetProcess(std::uint32_t number) {
  std::erase_if(processes_, [&](const auto& row) { return row.first == number; });
}

}  // namespace uffdsim

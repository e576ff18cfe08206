// What the names of a scenario stand for on one machine: addresses, files, contexts, processes.
//
// Regions are slots of 1 GiB from a fixed base, in order of first use, so that a place is the same
// address in every process and every run. The base leaves room for 191 slots below 256 GiB: the
// smallest user address space of the modelled architectures (riscv64 Sv39).
// Units: addresses and lengths in bytes. Owned by: the caller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/ids.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

inline constexpr std::uint64_t kSlotBytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kSlotBase = kSlotBytes * 64;
inline constexpr std::size_t kMostSlots = 191;

class Names {
 public:
  explicit Names(std::uint64_t page_size) : page_size_(page_size) {}

  // Gives every region and file of the scenario its slot and number.
  void Learn(const Scenario& scenario);

  std::uint64_t page_size() const { return page_size_; }
  std::uint64_t Bytes(const Quantity& q) const { return q.pages * page_size_ + q.bytes; }
  Quantity Pages(std::uint64_t bytes) const { return {bytes / page_size_, bytes % page_size_}; }

  // --- regions: Region() takes the next free slot for a new name ---
  std::uint64_t Region(std::string_view name);
  std::uint64_t Address(std::string_view region, const Quantity& offset);
  std::size_t regions() const { return regions_.size(); }
  const std::string& RegionName(std::size_t slot) const { return regions_[slot]; }
  // The slot of an address; nothing outside the slots in use.
  std::optional<std::size_t> SlotOf(std::uint64_t address) const;
  // "A:3", "A:3+17", or "?" outside the slots.
  std::string Place(std::uint64_t address) const;

  // --- files: numbered from 1 in order of first use ---
  FileId File(std::string_view name);
  std::string FileName(FileId file) const;

  // --- contexts: bound when they come into being ---
  CtxId Context(std::string_view name) const;  // CtxId{0} when there never was one
  void BindContext(std::string_view name, CtxId ctx);
  std::string ContextName(CtxId ctx) const;  // "U<number>" when it has no name

  // --- processes ---
  std::optional<MmId> Process(std::uint32_t number) const;  // nothing when it does not exist
  void BindProcess(std::uint32_t number, MmId mm);
  void ForgetProcess(std::uint32_t number);
  // (number, mm) of those that exist, by number.
  const std::vector<std::pair<std::uint32_t, MmId>>& processes() const { return processes_; }

 private:
  std::uint64_t page_size_;
  std::vector<std::string> regions_;                     // by slot
  std::vector<std::string> files_;                       // by FileId - 1
  std::vector<std::pair<std::string, CtxId>> contexts_;  // in order of binding
  std::vector<std::pair<std::uint32_t, MmId>> processes_ = {{0, MmId(0)}};
};

}  // namespace uffdsim

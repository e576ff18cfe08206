#include "model/mm/entry.h"

#include "model/base/check.h"

namespace uffdsim {
namespace {

std::uint64_t PfnMask(const Arch& arch) { return (1ULL << arch.SwpPfnBits()) - 1; }

}  // namespace

EntryKind Classify(const Arch& arch, Form form, Word word) {
  if (arch.None(form, word)) return EntryKind::kNone;
  if (arch.Present(form, word)) return EntryKind::kPresent;
  const SwpTypes& types = arch.swp_types();
  const std::uint8_t type = arch.SwpDecode(form, word).type;
  if (type < types.max_swapfiles) return EntryKind::kSwap;
  if (type == types.marker) return EntryKind::kMarker;
  if (type == types.migration_read) return EntryKind::kMigrationRead;
  if (type == types.migration_read_exclusive) return EntryKind::kMigrationReadExclusive;
  if (type == types.migration_write) return EntryKind::kMigrationWrite;
  if (type == types.device_read) return EntryKind::kDevicePrivateRead;
  if (type == types.device_write) return EntryKind::kDevicePrivateWrite;
  if (type == types.device_exclusive) return EntryKind::kDeviceExclusive;
  return EntryKind::kHwPoison;
}

Word MakeSwap(const Arch& arch, SwapSlot slot) {
  return arch.SwpEncode(Form::kPte, {.type = 0, .offset = slot.value});
}

SwapSlot SwapSlotOf(const Arch& arch, Word word) {
  return SwapSlot(static_cast<std::uint32_t>(arch.SwpDecode(Form::kPte, word).offset));
}

Word MakeMarker(const Arch& arch, std::uint64_t bits) {
  return arch.SwpEncode(Form::kPte, {.type = arch.swp_types().marker, .offset = bits});
}

std::uint64_t MarkerOf(const Arch& arch, Word word) {
  if (Classify(arch, Form::kPte, word) != EntryKind::kMarker) return 0;
  return arch.SwpDecode(Form::kPte, word).offset;
}

Word MakeMigration(const Arch& arch, Form form, MigrationAccess access, Pfn pfn, MigrationAd ad) {
  const SwpTypes& types = arch.swp_types();
  std::uint8_t type = types.migration_read;
  if (access == MigrationAccess::kReadExclusive) type = types.migration_read_exclusive;
  if (access == MigrationAccess::kWrite) type = types.migration_write;
  std::uint64_t offset = pfn.value;
  if (arch.SupportsMigrationAd()) {
    if (ad.young) offset |= 1ULL << arch.SwpPfnBits();
    if (ad.dirty) offset |= 2ULL << arch.SwpPfnBits();
  }
  return arch.SwpEncode(form, {.type = type, .offset = offset});
}

MigrationAd MigrationAdOf(const Arch& arch, Form form, Word word) {
  if (!arch.SupportsMigrationAd()) return {};
  const std::uint64_t offset = arch.SwpDecode(form, word).offset;
  return {.young = ((offset >> arch.SwpPfnBits()) & 1) != 0,
          .dirty = ((offset >> arch.SwpPfnBits()) & 2) != 0};
}

Word MakeDevicePrivate(const Arch& arch, Form form, bool writable, Pfn pfn) {
  const SwpTypes& types = arch.swp_types();
  return arch.SwpEncode(
      form, {.type = writable ? types.device_write : types.device_read, .offset = pfn.value});
}

Word MakeDeviceExclusive(const Arch& arch, Pfn pfn) {
  return arch.SwpEncode(Form::kPte,
                        {.type = arch.swp_types().device_exclusive, .offset = pfn.value});
}

Word MakeHwPoison(const Arch& arch, Pfn pfn) {
  UFFDSIM_CHECK(arch.HasHwPoison());
  return arch.SwpEncode(Form::kPte, {.type = arch.swp_types().hwpoison, .offset = pfn.value});
}

Pfn SoftleafPfn(const Arch& arch, Form form, Word word) {
  return Pfn(static_cast<std::uint32_t>(arch.SwpDecode(form, word).offset & PfnMask(arch)));
}

bool IsUffdMarker(const Arch& arch, Word word) {
  return (MarkerOf(arch, word) & (kMarkerUffdWp | kMarkerPoisoned)) != 0;
}

bool IsUffdWpMarker(const Arch& arch, Word word) {
  return (MarkerOf(arch, word) & kMarkerUffdWp) != 0;
}

bool SwpUffdAny(const Arch& arch, Form form, Word word) {
  if (arch.None(form, word) || arch.Present(form, word)) return false;
  return arch.SwpUffd(form, word) || (form == Form::kPte && IsUffdWpMarker(arch, word));
}

}  // namespace uffdsim

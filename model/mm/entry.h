// The kinds of page-table entries, and the softleaf payloads of the non-present ones.
//
// Mirrors: include/linux/leafops.h, swapops.h, include/linux/mm_inline.h (markers).
// Marker:  present entries carry it as the uffd bit; swap, migration, device and hwpoison entries
// as
//          the swp-uffd bit; an empty entry of a WP VMA as a marker entry. There is no RWP marker.
#pragma once

#include <cstdint>

#include "model/arch/arch.h"

namespace uffdsim {

// A closed set: every switch over it names all of them and has no default.
enum class EntryKind : std::uint8_t {
  kNone,     // empty
  kPresent,  // pte_present(), protnone included
  kSwap,     // a slot of the swap device
  kMigrationRead,
  kMigrationReadExclusive,
  kMigrationWrite,
  kDevicePrivateRead,
  kDevicePrivateWrite,
  kDeviceExclusive,
  kHwPoison,
  kMarker,  // one of MarkerBits
};

EntryKind Classify(const Arch& arch, Form form, Word word);

constexpr bool IsMigration(EntryKind kind) {
  return kind == EntryKind::kMigrationRead || kind == EntryKind::kMigrationReadExclusive ||
         kind == EntryKind::kMigrationWrite;
}
constexpr bool IsDevicePrivate(EntryKind kind) {
  return kind == EntryKind::kDevicePrivateRead || kind == EntryKind::kDevicePrivateWrite;
}

// Payloads. The flags (uffd, soft-dirty, exclusive) are set afterwards by the Swp* accessors.
Word MakeSwap(const Arch& arch, SwapSlot slot);
SwapSlot SwapSlotOf(const Arch& arch, Word word);
Word MakeMarker(const Arch& arch, std::uint64_t bits);
std::uint64_t MarkerOf(const Arch& arch, Word word);  // 0 when not a marker

enum class MigrationAccess : std::uint8_t { kRead, kReadExclusive, kWrite };
struct MigrationAd {
  bool young = false;
  bool dirty = false;
};
// Young and dirty are dropped where the configuration has no room for them.
Word MakeMigration(const Arch& arch, Form form, MigrationAccess access, Pfn pfn, MigrationAd ad);
MigrationAd MigrationAdOf(const Arch& arch, Form form, Word word);
Word MakeDevicePrivate(const Arch& arch, Form form, bool writable, Pfn pfn);
Word MakeDeviceExclusive(const Arch& arch, Pfn pfn);
Word MakeHwPoison(const Arch& arch, Pfn pfn);

// The frame that a migration, device or hwpoison entry names.
Pfn SoftleafPfn(const Arch& arch, Form form, Word word);

// uffd marker in the sense of the kernel: uffd-wp or poisoned, not guard.
bool IsUffdMarker(const Arch& arch, Word word);
bool IsUffdWpMarker(const Arch& arch, Word word);

// Non-present entry that carries the uffd bit, or a uffd-wp marker (pte_swp_uffd_any()).
bool SwpUffdAny(const Arch& arch, Form form, Word word);

}  // namespace uffdsim

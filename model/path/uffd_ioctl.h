// The userfaultfd system calls as plain functions.
//
// Mirrors: the ioctls of mm/userfaultfd.c, in the kernel's check order. Addresses and lengths in
// bytes.
//          None of these can sleep; UFFDIO_COPY from memory that must be faulted in is the path
//          `uffd_fill`. They are what the operations of the scenario language, the replay's VMM and
//          the explorers call.
// Errors:  the kernel's errno; partial progress is in the output field.
#pragma once

#include "model/path/change_protection.h"
#include "model/uffd/world.h"

namespace uffdsim {

// --- decisions and marks ---
// userfaultfd_register(): an inaccessible VMA is refused for RWP; unregistering accepts what was
// registered. Dropping WP or RWP by registering again is refused.
bool RegisterRefusesInaccessible(const Vma& vma, VmFlags flags);
bool UnregisterRefuses(const Vma& vma);
bool RegisterDropsProtection(const Vma& vma, VmFlags flags);
// userfaultfd_clear_vma(): entries are resolved before the flags go; which flags go.
enum class Clearing : std::uint8_t { kUnregister, kClose };
void ResolveBeforeClearing(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, Clearing why);
VmFlags ClearedFlags();
// What RWPROTECT does to the part [first, last) of one VMA.
void RwprotectVma(World& w, MmId mm, Vma& vma, Vpn first, Vpn last, ProtOp op);
// Whether RWPROTECT looks at the whole range before it changes anything.
bool RwprotectValidates();
// Whether SET_MODE may switch RWP_ASYNC on, and what it does to sleepers when it does.
bool SetModeAllows(const Context& ctx);
void SetModeWakes(World& w, CtxId ctx);
// mfill_atomic_install_pte(): the entry of a filled page.
Word FilledEntry(const World& w, const Vma& vma, Pfn pfn, bool writable, std::uint64_t mode);
// Whether CONTINUE takes memory of this kind, and what it does where there is no page cache.
bool ContinueTakes(const Vma& vma);
Errno ContinuedAnon(World& w, MmId mm, Vma& vma, Vpn vpn);
// The page-cache page that CONTINUE maps; 0: none.
Pfn ContinuedPage(World& w, const Vma& vma, Vpn vpn);

// The feature bits that UFFDIO_API offers on this architecture.
std::uint64_t OfferedFeatures(const World& w);
inline constexpr std::uint64_t kApiIoctls = 0x8000000000000403;

// userfaultfd(2): a new context of `mm`.
CtxId OpenUffd(World& w, MmId mm, bool user_mode_only);
Errno UffdApi(World& w, CtxId ctx, std::uint64_t api, std::uint64_t features);
Errno UffdRegister(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length,
                   std::uint64_t mode, std::uint64_t* ioctls);
Errno UffdUnregister(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length);
// close(2) of the last reference: resolves, clears and wakes everything.
void CloseUffd(World& w, CtxId ctx);
// Clears the registration of [first, last) of a VMA, resolving its entries
// (userfaultfd_clear_vma()). ENOMEM when the VMA cannot be split: the entries are resolved, the
// registration stays.
Errno ClearVmaRegistration(World& w, MmId mm, Vpn first, Vpn last, Clearing why);

inline constexpr std::uint64_t kProtectOn = 1;        // MODE_WP, MODE_RWP
inline constexpr std::uint64_t kProtectDontwake = 2;  // MODE_DONTWAKE
Errno UffdWriteprotect(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length,
                       std::uint64_t mode);
Errno UffdRwprotect(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length,
                    std::uint64_t mode);
Errno UffdSetMode(World& w, CtxId ctx, std::uint64_t enable, std::uint64_t disable);
Errno UffdWake(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length);

enum class FillOp : std::uint8_t { kCopy, kZeropage, kContinue, kPoison };
inline constexpr std::uint64_t kFillDontwake = 1;
inline constexpr std::uint64_t kFillWp = 2;

// The checks before the loop (steps 1 to 5 and the VMA look-up). `field`: whether the errno is also
// written to the output field.
Errno FillCheck(World& w, CtxId ctx, FillOp op, std::uint64_t start, std::uint64_t length,
                std::uint64_t source, std::uint64_t mode, bool* field);
// Tells the listener that pages were filled: what protected the empty place is gone, unless mode WP
// asked for it again.
void EmitFilled(World& w, MmId mm, Vpn first, std::uint64_t pages, std::uint64_t mode);
// One page. `content`: what to copy (COPY only).
Errno FillPage(World& w, CtxId ctx, FillOp op, Vpn vpn, Content content, std::uint64_t mode);

// UFFDIO_COPY of one page whose content is known, with its wake: what a VMM that fetched a page
// does.
Errno UffdCopyPage(World& w, CtxId ctx, std::uint64_t address, Content content, std::uint64_t mode);

// Start not page aligned, length zero or not a page multiple, outside the address space, wrapping.
bool RangeValid(const World& w, std::uint64_t start, std::uint64_t length);
std::uint64_t TaskSize(const World& w);

}  // namespace uffdsim

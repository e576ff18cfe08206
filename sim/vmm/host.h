// What a VMM can do to its guest's memory: system calls, and nothing else.
//
// Mirrors: the userfaultfd ioctls, read(2) of its messages, PAGEMAP_SCAN, madvise(2) of the guest
//          mapping, /sys/kernel/mm/page_idle/bitmap (with the frame numbers of /proc/PID/pagemap),
//          pread and fallocate on the memfd (the `io` view of the kernel's guide), and asynchronous
//          reads and writes of the VMM's own swap device. Pages are numbered from the start of
//          guest memory; there is no page table here, so nothing above this interface can peek.
// Rules:   the calling thread pays: each call moves its clock by what the call costs.
// Owned by: the implementation outlives the VMM. Errors: the kernel's errno.
// Units:   pages; virtual nanoseconds; a Digest stands for the bytes of one page.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/base/errno.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

// What hashing a page gives. 0 is the page of zeroes.
using Digest = std::uint32_t;

inline constexpr std::uint64_t kNeverNs = ~std::uint64_t{0};

// One thread of the VMM, in virtual time.
class VmmThread {
 public:
  std::uint64_t now_ns() const { return now_ns_; }
  std::uint64_t busy_ns() const { return busy_ns_; }
  void WaitUntil(std::uint64_t ns) {
    if (ns > now_ns_) now_ns_ = ns;
  }
  void Work(std::uint64_t ps) {
    rest_ps_ += ps;
    now_ns_ += rest_ps_ / 1000;
    busy_ns_ += rest_ps_ / 1000;
    rest_ps_ %= 1000;
  }

 private:
  std::uint64_t now_ns_ = 0;
  std::uint64_t busy_ns_ = 0;
  std::uint64_t rest_ps_ = 0;
};

// What guest memory is registered for. MISSING always is.
enum class Registration : std::uint8_t {
  kMissing,
  kMinor,
  kRwp,           // with RWP_ASYNC, which is on at first
  kRwpSync,       // without RWP_ASYNC: each touch of an armed page queues a message
  kRwpMinor,      // RWP_ASYNC and MINOR
  kWpAsyncMinor,  // WP_ASYNC and MINOR
  kMinorAnon,     // anonymous memory: MINOR_ANON with MINOR_ASYNC, of the RFC before RWP
};

enum class FaultKind : std::uint8_t { kMissing, kMinor, kRwp };
struct FaultMessage {
  PageId page = 0;
  FaultKind kind = FaultKind::kMissing;
};

enum class Protect : std::uint8_t { kArm, kResolve };
enum class RwpMode : std::uint8_t { kSync, kAsync };
// What a scan looks for, among pages that are mapped.
enum class Category : std::uint8_t { kAccessed, kWritten };

// An asynchronous read or write of the swap device: when it is complete, and whether it worked.
struct DeviceReply {
  std::uint64_t completion_ns = 0;
  bool done = true;
  bool stored = true;  // reads: the page was ever written there
  Digest digest = 0;   // reads
};

// Whether somebody waits for the page that is read, or somebody may soon.
enum class Wanted : std::uint8_t { kNow, kAhead };

class Host {
 public:
  virtual ~Host() = default;

  // ioctls of the userfaultfd.
  virtual Errno Rwprotect(VmmThread& by, PageRange range, Protect protect) = 0;
  virtual Errno Deactivate(VmmThread& by, PageRange range) = 0;  // of kMinorAnon
  virtual Errno Writeprotect(VmmThread& by, PageRange range, Protect protect) = 0;
  virtual Errno SetMode(VmmThread& by, RwpMode mode) = 0;
  virtual Errno Copy(VmmThread& by, PageId page, Digest digest) = 0;
  virtual Errno Zeropage(VmmThread& by, PageId page) = 0;
  // Maps a page that the memfd has. EFAULT: it has none; EEXIST: it is mapped already.
  virtual Errno Continue(VmmThread& by, PageId page) = 0;
  virtual Errno Wake(VmmThread& by, PageRange range) = 0;
  // read(2): the next message, if there is one.
  virtual std::optional<FaultMessage> ReadMessage(VmmThread& by) = 0;

  // PAGEMAP_SCAN for PAGE_IS_ACCESSED or PAGE_IS_WRITTEN over all guest memory; appends ranges.
  virtual void Scan(VmmThread& by, Category category, std::vector<PageRange>* pages) = 0;

  // MADV_DONTNEED on the guest mapping: it forgets the pages, the memfd keeps them, and the next
  // touch is a MINOR fault.
  virtual Errno Unmap(VmmThread& by, PageRange range) = 0;

  // page_idle/bitmap: writing ones, and reading which pages are not idle any more (touched since).
  // A page that is not mapped has no frame number, so it is passed over.
  virtual void SetIdle(VmmThread& by, PageRange range) = 0;
  virtual void ScanIdle(VmmThread& by, PageRange range, std::vector<PageRange>* touched) = 0;

  // The io view: hashing a page without touching the guest's mapping; punching holes. Of anonymous
  // memory: a read of /proc/self/mem, and MADV_DONTNEED.
  virtual Digest HashPage(VmmThread& by, PageId page) = 0;
  virtual Errno Punch(VmmThread& by, PageRange range) = 0;

  // The swap device. A write goes on from a copy, so the page may change meanwhile.
  virtual DeviceReply WriteOut(VmmThread& by, PageId page, Digest digest) = 0;
  virtual DeviceReply Fetch(VmmThread& by, PageId page, Wanted wanted) = 0;
  // What the VMM noted when it last wrote the page; 0 for a page never written (it holds zeroes).
  virtual Digest Stored(PageId page) const = 0;

  virtual std::uint32_t guest_pages() const = 0;
};

}  // namespace uffdsim

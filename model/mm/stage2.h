// Stage 2: the hypervisor's page table of a guest, and the words that make a guest access fast.
//
// Mirrors: virt/kvm/kvm_main.c, arch/x86/kvm/mmu: an entry exists only for a host page that GUP
// could
//          reach, and every MMU notifier of the host range removes it (all guest TLBs are flushed
//          with it, so one word per guest page stands for all vCPUs' translations).
// Marker:  none. An armed or absent host page simply has no entry, so the first guest access after
//          arming reaches the host's fault path.
//
// One 32-bit word per guest page. The low byte belongs to the model; the upper 24 bits are a cookie
// of whoever drives the guest (replay keeps the interval of the last touch there), preserved when
// the entry goes away. A hit is one load and one compare against the bits the access needs.
// Owned by: World::stage2s. Memory: 4 bytes per guest page that was ever touched.
#pragma once

#include <cstdint>

#include "model/base/ids.h"
#include "model/base/lazy_array.h"

namespace uffdsim {

class Stage2 {
 public:
  enum Bits : std::uint32_t {
    kReadable = 1U << 0,
    kWritable = 1U << 1,
    kAccessed = 1U << 2,  // set by the hardware; kept by the model for bit-scanning trackers
    kDirty = 1U << 3,
    kFresh = 1U << 4,  // the page's content number already stands for a write made since the
                       // content was last looked at: further writes need no new number
    kModelMask = 0xffU,
  };
  static constexpr unsigned kCookieShift = 8;

  Stage2() = default;
  // Guest page g is host page `base + g` of `mm`.
  Stage2(MmId mm, Vpn base, std::uint64_t pages)
      : mm_(mm), base_(base), pages_(pages), words_(pages), live_((pages + kChunk - 1) / kChunk) {}

  MmId mm() const { return mm_; }
  Vpn base() const { return base_; }
  std::uint64_t pages() const { return pages_; }
  std::uint32_t* words() { return words_.data(); }
  const std::uint32_t* words() const { return words_.data(); }

  // Installs a translation (after GUP succeeded); keeps the cookie.
  void Map(std::uint64_t page, std::uint32_t bits) {
    words_[page] = (words_[page] & ~static_cast<std::uint32_t>(kModelMask)) | bits;
    live_[page / kChunk] = 1;
  }
  // MMU notifier: removes the entries of host pages [first, last). Returns true if any lay inside.
  bool Invalidate(Vpn first, Vpn last) {
    if (last <= base_ || base_ + pages_ <= first) return false;
    std::uint64_t page = first <= base_ ? 0 : first - base_;
    const std::uint64_t end = last - base_ < pages_ ? last - base_ : pages_;
    while (page < end) {
      std::uint64_t stop = (page / kChunk + 1) * kChunk;
      const bool whole = page % kChunk == 0 && stop <= end;
      if (stop > end) stop = end;
      if (live_[page / kChunk] != 0) {
        for (std::uint64_t g = page; g < stop; ++g) {
          words_[g] &= ~static_cast<std::uint32_t>(kModelMask);
        }
        if (whole) live_[page / kChunk] = 0;
      }
      page = stop;
    }
    return true;
  }
  // MMU notifier clear_young(): takes the accessed bit of a host page; true if it was set.
  bool TestAndClearYoung(Vpn vpn) {
    if (vpn < base_ || base_ + pages_ <= vpn) return false;
    std::uint32_t& word = words_[vpn - base_];
    const bool young = (word & kAccessed) != 0;
    word &= ~static_cast<std::uint32_t>(kAccessed);
    return young;
  }
  // The content of the page was looked at by somebody: the next write needs a new number.
  void Unfresh(std::uint64_t page) { words_[page] &= ~static_cast<std::uint32_t>(kFresh); }

 private:
  static constexpr std::uint64_t kChunk = 512;

  MmId mm_{};
  Vpn base_{};
  std::uint64_t pages_ = 0;
  LazyArray<std::uint32_t> words_;
  LazyArray<std::uint8_t> live_;  // per chunk: may hold entries
};

}  // namespace uffdsim

#include "sim/explore/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "model/base/check.h"

namespace uffdsim {
namespace {

constexpr std::size_t kGranule = 16;
// Sizes with header: 16, 32, .. 512 bytes, then four to each doubling.
constexpr std::size_t kSmallClasses = 32;
constexpr std::size_t kSmallest = kSmallClasses * kGranule;
constexpr std::size_t kSteps = 4;
constexpr std::size_t kClasses = kSmallClasses + 12 * kSteps;
constexpr std::size_t kLarge = 2048;

// One range of addresses for all arenas, so that `delete` knows with one compare whose block it is.
struct Region {
  std::mutex mutex;
  std::atomic<std::byte*> base = nullptr;
  std::array<bool, Arena::kMost> taken{};
};
constinit Region region;

std::byte* Base() { return region.base.load(std::memory_order_relaxed); }

constinit thread_local Arena* active = nullptr;

// In front of each block.
struct alignas(kGranule) Header {
  std::uint32_t size_class;
};

std::size_t ClassOf(std::size_t bytes) {
  if (bytes <= kSmallest) return (bytes + kGranule - 1) / kGranule - 1;
  const auto doublings = static_cast<std::size_t>(std::bit_width((bytes - 1) / kSmallest)) - 1;
  const std::size_t base = kSmallest << doublings;
  const std::size_t step = base / kSteps;
  return kSmallClasses + doublings * kSteps + (bytes - base + step - 1) / step - 1;
}

std::size_t BytesOf(std::size_t size_class) {
  if (size_class < kSmallClasses) return (size_class + 1) * kGranule;
  const std::size_t above = size_class - kSmallClasses;
  const std::size_t base = kSmallest << above / kSteps;
  return base + (above % kSteps + 1) * (base / kSteps);
}

}  // namespace

struct Arena::Book {
  std::uint32_t front;                            // bytes in use at the front, this included
  std::uint32_t back;                             // where the large blocks begin
  std::array<std::uint32_t, kClasses> free_of{};  // offset of the first free block, 0: none
};

Arena::Arena() {
  const std::lock_guard lock(region.mutex);
  if (Base() == nullptr) {
    // Aligned to kBytes, so that a block's arena follows from its address.
    void* space = mmap(nullptr, (kMost + 1) * kBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    UFFDSIM_CHECK(space != MAP_FAILED);
    auto address = reinterpret_cast<std::uintptr_t>(space);
    address = (address + kBytes - 1) & ~(kBytes - 1);
    region.base.store(reinterpret_cast<std::byte*>(address), std::memory_order_relaxed);
  }
  const auto free_slot = std::find(region.taken.begin(), region.taken.end(), false);
  UFFDSIM_CHECK(free_slot != region.taken.end());
  *free_slot = true;
  slot_ = static_cast<std::size_t>(free_slot - region.taken.begin());
  memory_ = Base() + slot_ * kBytes;
  const std::size_t front = (sizeof(Book) + kGranule - 1) & ~(kGranule - 1);
  new (memory_) Book{.front = static_cast<std::uint32_t>(front), .back = kBytes, .free_of = {}};
}

Arena::~Arena() {
  madvise(memory_, kBytes, MADV_DONTNEED);
  const std::lock_guard lock(region.mutex);
  region.taken[slot_] = false;
}

Arena::Scope::Scope(Arena* arena) : outer_(active) { active = arena; }
Arena::Scope::~Scope() { active = outer_; }

Arena* Arena::Active() { return active; }

bool Arena::Owns(const void* block) {
  const auto* at = static_cast<const std::byte*>(block);
  std::byte* base = Base();
  return base != nullptr && at >= base && at < base + kMost * kBytes;
}

void* Arena::Allocate(std::size_t bytes) {
  auto& book = *reinterpret_cast<Book*>(memory_);
  const std::size_t size_class = ClassOf(bytes + sizeof(Header));
  UFFDSIM_CHECK(size_class < kClasses);
  const std::size_t size = BytesOf(size_class);
  std::byte* block;
  if (book.free_of[size_class] != 0) {
    block = memory_ + book.free_of[size_class];
    std::memcpy(&book.free_of[size_class], block + sizeof(Header), sizeof(std::uint32_t));
  } else if (size >= kLarge) {
    UFFDSIM_CHECK(book.back - book.front >= size);
    book.back -= static_cast<std::uint32_t>(size);
    block = memory_ + book.back;
  } else {
    UFFDSIM_CHECK(book.back - book.front >= size);
    block = memory_ + book.front;
    book.front += static_cast<std::uint32_t>(size);
  }
  new (block) Header{static_cast<std::uint32_t>(size_class)};
  return block + sizeof(Header);
}

void Arena::Free(void* memory) {
  std::byte* block = static_cast<std::byte*>(memory) - sizeof(Header);
  std::byte* base = Base();
  std::byte* arena = base + static_cast<std::size_t>(block - base) / kBytes * kBytes;
  auto& book = *reinterpret_cast<Book*>(arena);
  const std::size_t size_class = reinterpret_cast<Header*>(block)->size_class;
  const auto offset = static_cast<std::uint32_t>(block - arena);
  if (offset == book.back) {
    // The last large block: the snapshot gets smaller.
    book.back += static_cast<std::uint32_t>(BytesOf(size_class));
    return;
  }
  std::memcpy(memory, &book.free_of[size_class], sizeof(std::uint32_t));
  book.free_of[size_class] = offset;
}

void Arena::Save(Snapshot* snapshot) const {
  const auto& book = *reinterpret_cast<const Book*>(memory_);
  const std::size_t back_bytes = kBytes - book.back;
  snapshot->front_ = book.front;
  snapshot->bytes_.resize(book.front + back_bytes);
  std::memcpy(snapshot->bytes_.data(), memory_, book.front);
  std::memcpy(snapshot->bytes_.data() + book.front, memory_ + book.back, back_bytes);
}

void Arena::Restore(const Snapshot& snapshot) {
  const std::size_t back_bytes = snapshot.bytes_.size() - snapshot.front_;
  std::memcpy(memory_, snapshot.bytes_.data(), snapshot.front_);
  std::memcpy(memory_ + kBytes - back_bytes, snapshot.bytes_.data() + snapshot.front_, back_bytes);
}

}  // namespace uffdsim

// The program's allocation functions. They differ from the library's own only while a thread is in
// an arena's scope. The array forms call these, the aligned ones are left alone. (The nothrow form
// would call these too, but AddressSanitizer puts its own in the way.)
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (uffdsim::Arena* arena = uffdsim::Arena::Active()) return arena->Allocate(bytes);
  return std::malloc(std::max<std::size_t>(bytes, 1));
}

void* operator new(std::size_t bytes) {
  if (void* block = operator new(bytes, std::nothrow)) return block;
  throw std::bad_alloc();
}

void operator delete(void* block) noexcept {
  if (uffdsim::Arena::Owns(block)) {
    uffdsim::Arena::Free(block);
  } else {
    std::free(block);
  }
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { operator delete(block); }

// An arena that holds a whole machine, so that saving and restoring it is one copy of bytes.
//
// While a Scope lives, everything that its thread allocates with `new` comes from the arena: the
// vectors, maps and strings of a machine need not know. The bookkeeping (free lists, fill) is part
// of the arena, so a restored snapshot is exactly the machine that was saved, at the same
// addresses. Nothing that outlives a restore may be allocated inside a scope, and nothing inside
// may own memory outside.
//
// Blocks below 2 KiB grow from the front, larger ones (the stacks of sleeping tasks) from the back;
// a snapshot copies what is in use at both ends. Freed memory may be passed to `delete` by any
// thread as long as nobody else uses the arena meanwhile.
// Units: bytes. Errors: running out is a simulator bug.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uffdsim {

class Arena {
 public:
  static constexpr std::size_t kBytes = std::size_t{8} << 20;  // address space, not memory
  static constexpr std::size_t kMost = 64;                     // that exist at the same time

  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  class Scope {
   public:
    explicit Scope(Arena* arena);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Arena* outer_;
  };

  class Snapshot {
   public:
    std::size_t bytes() const { return bytes_.size(); }

   private:
    friend class Arena;
    std::vector<std::byte> bytes_;
    std::size_t front_ = 0;
  };
  // Call outside of scopes. A snapshot restores the arena it was saved from, no other.
  void Save(Snapshot* snapshot) const;
  void Restore(const Snapshot& snapshot);

  // For operator new and delete.
  void* Allocate(std::size_t bytes);
  static void Free(void* block);
  static bool Owns(const void* block);
  static Arena* Active();

 private:
  struct Book;  // at the front of the memory

  std::byte* memory_;
  std::size_t slot_;
};

}  // namespace uffdsim

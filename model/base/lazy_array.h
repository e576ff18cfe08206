// A contiguous array of zeroes whose untouched parts cost no memory.
//
// Large allocations come from calloc(), which hands out pages that the operating system fills with
// zeroes on first touch: a 64 GiB guest's per-page array costs what its touched part costs.
// Elements must be trivially copyable and have zero as their initial state.
// Owned by: the holder. Copying copies (and so touches) everything; meant for small machines.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "model/base/check.h"

namespace uffdsim {

template <class T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  LazyArray() = default;
  explicit LazyArray(std::size_t size) { Allocate(size); }
  LazyArray(const LazyArray& other) {
    Allocate(other.size_);
    if (size_ != 0) std::memcpy(data_, other.data_, size_ * sizeof(T));
  }
  LazyArray(LazyArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  LazyArray& operator=(LazyArray other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~LazyArray() { std::free(data_); }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  void Allocate(std::size_t size) {
    if (size == 0) return;
    data_ = static_cast<T*>(std::calloc(size, sizeof(T)));
    if (data_ == nullptr) throw std::bad_alloc();
    size_ = size;
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace uffdsim

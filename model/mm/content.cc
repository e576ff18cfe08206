#include "model/mm/content.h"

#include <algorithm>

#include "model/base/check.h"

namespace uffdsim {

ContentPool::ContentPool(ContentMode mode) : mode_(mode) {
  if (mode_ == ContentMode::kBytes) Intern(Image{});
}

Content ContentPool::Intern(Image image) {
  const auto [it, inserted] = index_.try_emplace(image, static_cast<Content>(images_.size()));
  if (inserted) images_.push_back(std::move(image));
  return it->second;
}

Content ContentPool::Fill(std::uint8_t value) {
  if (mode_ == ContentMode::kTokens) return value == 0 ? 0 : ++last_token_;
  return Intern(Image{.fill = value, .bytes = {}});
}

Content ContentPool::Write(Content content, std::uint32_t offset, std::uint8_t value) {
  if (mode_ == ContentMode::kTokens) {
    UFFDSIM_CHECK(last_token_ != UINT32_MAX);
    return ++last_token_;
  }
  Image image = images_[content];
  const auto it = std::lower_bound(image.bytes.begin(), image.bytes.end(),
                                   std::pair<std::uint32_t, std::uint8_t>{offset, 0});
  const bool found = it != image.bytes.end() && it->first == offset;
  if (value == image.fill) {
    if (found) image.bytes.erase(it);
  } else if (found) {
    it->second = value;
  } else {
    image.bytes.insert(it, {offset, value});
  }
  return Intern(std::move(image));
}

std::uint8_t ContentPool::Read(Content content, std::uint32_t offset) const {
  if (mode_ == ContentMode::kTokens) return static_cast<std::uint8_t>(content);
  const Image& image = images_[content];
  const auto it = std::lower_bound(image.bytes.begin(), image.bytes.end(),
                                   std::pair<std::uint32_t, std::uint8_t>{offset, 0});
  return it != image.bytes.end() && it->first == offset ? it->second : image.fill;
}

std::uint64_t ContentPool::Fingerprint(Content content) const {
  if (mode_ == ContentMode::kTokens) return content;
  const Image& image = images_[content];
  std::uint64_t print = image.fill;
  for (const auto& [offset, value] : image.bytes) {
    // Odd multiplier of splitmix64: distinct short lists stay distinct.
    print = (print ^ (std::uint64_t{offset} << 8 | value) ^ 0x100000000ULL) * 0xbf58476d1ce4e5b9ULL;
    print ^= print >> 31;
  }
  return print;
}

}  // namespace uffdsim

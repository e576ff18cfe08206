// What pages contain.
//
// Two representations share the type `Content`. In *bytes* mode (scenarios, exploration) a content
// is an index into a pool of distinct page images, so that equal numbers mean equal bytes (KSM, COW
// and reads can be compared exactly). In *tokens* mode (replay) it is the number of the last write
// and nothing is stored: enough to prove that no write was lost.
// 0 is the page of zeroes in both modes.
// Owned by: the world. Images are never freed; exploration works with few distinct values.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/mm/page.h"

namespace uffdsim {

enum class ContentMode : std::uint8_t { kBytes, kTokens };

class ContentPool {
 public:
  explicit ContentPool(ContentMode mode);

  // The page whose every byte is `value`.
  Content Fill(std::uint8_t value);
  // `content` with one byte replaced. In tokens mode: a number never returned before.
  Content Write(Content content, std::uint32_t offset, std::uint8_t value);
  std::uint8_t Read(Content content, std::uint32_t offset) const;
  // A number that depends on the bytes alone, not on the order in which images came about. In
  // tokens mode the content itself.
  std::uint64_t Fingerprint(Content content) const;

 private:
  // A page image: `fill` everywhere except at the listed offsets (ascending, never equal to fill).
  struct Image {
    std::uint8_t fill = 0;
    std::vector<std::pair<std::uint32_t, std::uint8_t>> bytes;
    friend bool operator<(const Image& a, const Image& b) {
      return a.fill != b.fill ? a.fill < b.fill : a.bytes < b.bytes;
    }
  };
  Content Intern(Image image);

  ContentMode mode_;
  std::uint32_t last_token_ = 0;
  std::vector<Image> images_;
  std::map<Image, Content> index_;
};

}  // namespace uffdsim

// The committed samples are what their cards say, and the same as the raw captures they came from.
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/traces/trace_test_util.h"
#include "traces/tools.h"

namespace uffdsim {
namespace {

const std::string kSamples = std::string(UFFDSIM_SOURCE_DIR) + "/traces/samples/";

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Card {
  std::string name;
  uint64_t epochs;
  uint64_t entries;
  uint64_t pages;
  double giga_instructions;
};

const Card kCards[] = {
    {"boot", 4254, 1159917, 27092, 3.42}, {"memcached", 12147, 5204662, 33675, 3.50},
    {"pg", 20507, 9860946, 57498, 2.94},  {"redis", 17004, 8350213, 41410, 4.01},
    {"sort", 7750, 2637664, 20050, 3.74}, {"sqlite", 7487, 2449247, 30404, 5.19}};

std::string WithCommas(uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

TEST(Samples, HoldWhatTheirCardsSay) {
  const std::string readme = ReadFile(kSamples + "README.md");
  ASSERT_GT(readme.size(), 100u);
  for (const Card& card : kCards) {
    SCOPED_TRACE(card.name);
    const auto info = ReadTraceInfo(kSamples + card.name + ".uft");
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->epochs, card.epochs);
    EXPECT_EQ(info->entries, card.entries);
    EXPECT_EQ(info->distinct_pages, card.pages);
    EXPECT_NEAR(static_cast<double>(info->instructions) / 1e9, card.giga_instructions, 0.005);
    EXPECT_EQ(info->header.ram_pages, 131072u);
    EXPECT_FALSE(info->header.workload.empty());
    EXPECT_FALSE(info->header.licence.empty());
    for (const std::string& said :
         {"`" + card.name + ".uft`", WithCommas(info->epochs), WithCommas(info->entries),
          WithCommas(info->distinct_pages), WithCommas(info->instructions), info->digest}) {
      EXPECT_NE(readme.find(said), std::string::npos) << "the card lacks " << said;
    }
  }
}

TEST(Samples, FitIntoEightMegabytesAndAllHaveCards) {
  uint64_t bytes = 0;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSamples)) {
    bytes += entry.file_size();
    files += entry.path().extension() == ".uft";
  }
  EXPECT_EQ(files, std::size(kCards));
  EXPECT_GT(bytes, 1'000'000u);
  EXPECT_LE(bytes, 8'000'000u);
}

// A second reading of the raw capture that shares no code with the importer.
class RawCapture {
 public:
  explicit RawCapture(const std::string& path) {
    const std::string packed = ReadFile(path);
    std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                    ZSTD_freeDStream);
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    std::string block(1 << 20, '\0');
    while (in.pos < in.size) {
      ZSTD_outBuffer out{block.data(), block.size(), 0};
      if (ZSTD_isError(ZSTD_decompressStream(stream.get(), &out, &in)) != 0) break;
      bytes_.append(block, 0, out.pos);
    }
    at_ = 12 + static_cast<size_t>(static_cast<uint8_t>(bytes_[8]) +
                                   (static_cast<uint8_t>(bytes_[9]) << 8));
  }

  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_.at(at_++));
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

// UFFDSIM_RAW_TRACES names the folder with the captures; they are too large for the repository.
TEST(Samples, AreEqualToTheRawCaptures) {
  const char* folder = std::getenv("UFFDSIM_RAW_TRACES");
  if (folder == nullptr) GTEST_SKIP() << "UFFDSIM_RAW_TRACES does not name the raw captures";
  for (const Card& card : kCards) {
    SCOPED_TRACE(card.name);
    const std::string path = std::string(folder) + "/" + card.name + ".gpt.zst";
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    RawCapture raw(path);
    auto reader = TraceReader::Open(kSamples + card.name + ".uft");
    ASSERT_TRUE(reader.ok()) << reader.status();
    uint64_t clock = 0;
    uint64_t epochs = 0;
    for (;;) {
      auto event = (*reader)->Next();
      ASSERT_TRUE(event.ok()) << event.status();
      const uint64_t kind = raw.Number();
      ASSERT_EQ(kind == 0, !event->has_value());
      if (kind == 0) break;
      ASSERT_EQ(raw.Number(), (*event)->vcpu);
      ASSERT_EQ(kind, (*event)->kind == EventKind::kEpoch  ? 1u
                      : (*event)->kind == EventKind::kMark ? 2u
                                                           : 3u);
      if (kind == 3) {
        ASSERT_EQ(raw.Number() * 1000, (*event)->idle_ns);
        continue;
      }
      const uint64_t duration = raw.Number();
      ASSERT_EQ(clock + duration, (*event)->end);
      if (kind == 2) {
        ASSERT_EQ("mark-" + std::to_string(raw.Number()), (*event)->name);
        continue;
      }
      ASSERT_EQ((*event)->begin, clock);
      clock += duration;
      ASSERT_EQ(raw.Number(), (*event)->entries.size());
      uint64_t page = UINT64_MAX;
      for (const uint32_t entry : (*event)->entries) {
        const uint64_t packed = raw.Number();
        page += 1 + (packed >> 3);
        ASSERT_EQ(entry, page << 3 | (packed & 7));
      }
      epochs += 1;
    }
    EXPECT_EQ(epochs, card.epochs);
  }
}

}  // namespace
}  // namespace uffdsim

// Every damaged, foreign or impossible input gives one error that names file, place and
// expectation; nothing crashes, and nothing wrong is ever delivered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <xxhash.h>

#include <filesystem>
#include <fstream>

#include "tests/traces/trace_test_util.h"
#include "traces/tools.h"

namespace uffdsim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

size_t HeaderBytes(const std::string& bytes) {
  return uft::kHeaderFixedBytes +
         uft::Load<uint32_t>(reinterpret_cast<const uint8_t*>(bytes.data()) + 12) +
         uft::kChecksumBytes;
}

// Makes the checksum of the first chunk right again after a change, as a hostile writer would.
void SealFirstChunk(std::string& bytes) {
  const size_t at = HeaderBytes(bytes);
  auto* chunk = reinterpret_cast<uint8_t*>(bytes.data()) + at;
  size_t size = sizeof(uft::ChunkHeader);
  for (const uint32_t stored : uft::Load<uft::ChunkHeader>(chunk).stored_bytes) size += stored;
  const uint64_t checksum = XXH3_64bits(chunk, size);
  std::memcpy(chunk + size, &checksum, sizeof(checksum));
}

void SealHeader(std::string& bytes) {
  const size_t n = HeaderBytes(bytes) - uft::kChecksumBytes;
  const uint64_t checksum = XXH3_64bits(bytes.data(), n);
  std::memcpy(bytes.data() + n, &checksum, sizeof(checksum));
}

TEST(BadInput, EmptyFile) {
  const ReadResult result = ReadTrace("");
  EXPECT_TRUE(absl::IsInvalidArgument(result.status));
  EXPECT_THAT(Message(result.status), AllOf(HasSubstr("test.uft: offset 0"), HasSubstr("empty")));
}

TEST(BadInput, ForeignFile) {
  const ReadResult result = ReadTrace(
      "\x7f"
      "ELF and what follows in such a file");
  EXPECT_TRUE(absl::IsInvalidArgument(result.status));
  EXPECT_THAT(Message(result.status), HasSubstr("not a UFTRACE file"));
}

TEST(BadInput, OtherVersion) {
  std::string bytes = WriteTrace(RandomTrace(1, StreamKind::kEpochs, 5));
  bytes[8] = 2;
  const ReadResult result = ReadTrace(bytes);
  EXPECT_TRUE(absl::IsInvalidArgument(result.status));
  EXPECT_THAT(Message(result.status),
              AllOf(HasSubstr("offset 8"), HasSubstr("version 1, found 2")));
}

TEST(BadInput, AbsurdHeaderLength) {
  std::string bytes = WriteTrace(RandomTrace(1, StreamKind::kEpochs, 5));
  bytes[15] = '\x7f';
  EXPECT_THAT(Message(ReadTrace(bytes).status), HasSubstr("offset 12: expected a header of at"));
}

TEST(BadInput, HeaderSaysTheImpossible) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "\"ram_pages\": expected 1 to 536870912, found 0"},
      {R"({"ram_pages":9,"vcpus":4000000000})", "\"vcpus\": expected 1 to 1024"},
      {R"({"ram_pages":9,"vcpus":0})", "\"vcpus\": expected 1 to 1024"},
      {R"({"ram_pages":9999999999})", "\"ram_pages\": expected 1 to"},
      {R"({"ram_pages":-1})", "\"ram_pages\": expected an integer"},
      {R"({"ram_pages":9,"page_shift":60})", "\"page_shift\": expected 10 to 30"},
      {R"({"ram_pages":9,"stream":"both"})", "expected one of epochs, accesses"},
      {R"({"ram_pages":9,"filter":7})", "expected one of none, epoch-sets, window"},
      {R"({"ram_pages":9,"guest":7})", "\"guest\": expected a string"},
      {R"({"ram_pages":9,"time_unit":"us"})", "\"time_unit\": expected \"instructions\""},
      {R"({"ram_pages":9,"instructions_per_second":0})", "\"instructions_per_second\""},
      {R"({"ram_pages":9,"guest":"\u001b[2J"})", "\"guest\": expected text without control"},
      {"[1]", "expected one JSON object"},
      {"{", "expected one JSON object"}};
  for (const auto& [json, expected] : cases) {
    const std::string text = json;
    std::string bytes(uft::kMagic);
    bytes += std::string("\1\0\0\0", 4) + static_cast<char>(text.size()) + std::string(3, '\0');
    bytes += text + std::string(8, '\0');
    SealHeader(bytes);
    const ReadResult result = ReadTrace(bytes);
    EXPECT_TRUE(absl::IsInvalidArgument(result.status)) << json;
    EXPECT_THAT(Message(result.status), AllOf(HasSubstr("offset 16"), HasSubstr(expected)));
  }
}

class Damage : public testing::TestWithParam<StreamKind> {};

TEST_P(Damage, EveryTruncationIsNoticed) {
  const TestTrace trace = RandomTrace(7, GetParam(), 12);
  const std::string bytes = WriteTrace(trace, 700);
  const std::vector<OwnedEvent> events = InBlocks(trace.events);
  const size_t step = bytes.size() / 3000 + 1;
  for (size_t size = 1; size < bytes.size(); size += step) {
    const ReadResult result = ReadTrace(bytes.substr(0, size));
    ASSERT_FALSE(result.status.ok()) << "cut to " << size;
    ASSERT_LE(result.events.size(), events.size());
    for (size_t i = 0; i < result.events.size(); ++i) ASSERT_EQ(result.events[i], events[i]);
    if (size < uft::kMagic.size()) continue;
    ASSERT_TRUE(absl::IsDataLoss(result.status)) << result.status;
    ASSERT_THAT(Message(result.status), AllOf(HasSubstr("offset "), HasSubstr("truncated")));
    if (size <= HeaderBytes(bytes)) continue;
    const ReadResult recovered = ReadTrace(bytes.substr(0, size), OnDamage::kRecover);
    ASSERT_TRUE(recovered.status.ok()) << recovered.status;
    ASSERT_EQ(recovered.events, result.events);
    ASSERT_TRUE(absl::IsDataLoss(recovered.damage));
  }
}

TEST_P(Damage, EveryChangedByteIsNoticed) {
  const std::string bytes = WriteTrace(RandomTrace(9, GetParam(), 12), 700);
  const size_t step = bytes.size() / 4000 + 1;
  size_t tried = 0;
  for (size_t at = 0; at < bytes.size(); at += step) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    const ReadResult result = ReadTrace(changed);
    ASSERT_FALSE(result.status.ok()) << "byte " << at << " of " << bytes.size();
    ASSERT_THAT(Message(result.status), HasSubstr("offset ")) << at;
    tried += 1;
  }
  EXPECT_GT(tried, 500u);
}

TEST_P(Damage, SealedNonsenseNeverCrashes) {
  // Changes inside the first chunk with a right checksum: an error or other events, never a crash.
  const std::string bytes = WriteTrace(RandomTrace(13, GetParam(), 12), 4000);
  TestRandom random(17);
  size_t errors = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = bytes;
    const size_t start = HeaderBytes(bytes) + sizeof(uft::ChunkHeader);
    for (uint64_t n = random.Below(4); n < 4; ++n) {
      changed[start + random.Below(3000)] = static_cast<char>(random.Below(256));
    }
    SealFirstChunk(changed);
    const ReadResult result = ReadTrace(changed);
    errors += !result.status.ok();
    for (const OwnedEvent& event : result.events) {
      for (const uint32_t entry : event.entries) {
        ASSERT_LT(EntryPage(entry), result.header.ram_pages);
        ASSERT_NE(EntryBits(entry), 0u);
      }
    }
  }
  EXPECT_GT(errors, 100u);
}

INSTANTIATE_TEST_SUITE_P(Streams, Damage,
                         testing::Values(StreamKind::kEpochs, StreamKind::kAccesses),
                         [](const auto& each) { return std::string(KindName(each.param)); });

TEST(BadInput, PageOutsideTheGuest) {
  // A header that claims less memory than the pages of the chunk need.
  TestTrace trace;
  trace.header.ram_pages = 9000;
  OwnedEvent epoch;
  epoch.entries = {MakeEntry(8999, kTouchRead)};
  trace.events = {epoch};
  std::string bytes = WriteTrace(trace);
  const size_t at = bytes.find("9000");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 4, "8999");
  SealHeader(bytes);
  const ReadResult result = ReadTrace(bytes);
  EXPECT_TRUE(absl::IsInvalidArgument(result.status));
  EXPECT_THAT(Message(result.status),
              AllOf(HasSubstr("test.uft: chunk at offset "),
                    HasSubstr("expected a page below 8999"), HasSubstr("found page 8999")));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadTrace(bytes, OnDamage::kRecover).status));
}

TEST(BadInput, AbsurdChunkSizesAllocateNothing) {
  std::string bytes = WriteTrace(RandomTrace(2, StreamKind::kEpochs, 5));
  const size_t at = HeaderBytes(bytes) + offsetof(uft::ChunkHeader, raw_bytes);
  bytes.replace(at, 4, "\xff\xff\xff\x7f");
  EXPECT_THAT(
      Message(ReadTrace(bytes).status),
      AllOf(HasSubstr("expected a chunk of at most 16777216 bytes"), HasSubstr("2147483647")));
}

TEST(BadInput, ErrorsStay) {
  std::string bytes = WriteTrace(RandomTrace(2, StreamKind::kEpochs, 5));
  bytes.resize(bytes.size() - 1);
  auto reader = TraceReader::Open(OpenMemory(AsBytes(bytes), "cut"));
  ASSERT_TRUE(reader.ok());
  absl::StatusOr<std::optional<Event>> event;
  while ((event = (*reader)->Next()).ok()) ASSERT_TRUE(event->has_value());
  const absl::Status first = event.status();
  EXPECT_EQ((*reader)->Next().status(), first);
}

TEST(BadInput, WriterRefusesWhatNoReaderCouldUse) {
  std::string out;
  TraceWriter writer(CreateMemory(&out), {});
  TraceHeader header;
  EXPECT_FALSE(writer.Begin(header).ok());  // no memory
  header.ram_pages = 100;
  ASSERT_TRUE(writer.Begin(header).ok());
  const auto add = [&writer](const std::vector<uint32_t>& entries, uint16_t vcpu, uint64_t begin,
                             EventKind kind) {
    Event event;
    event.kind = kind;
    event.vcpu = vcpu;
    event.begin = begin;
    event.end = begin + 10;
    event.entries = entries;
    return Message(writer.Add(event));
  };
  const uint32_t good = MakeEntry(99, kTouchRead);
  EXPECT_EQ(add({good}, 0, 50, EventKind::kEpoch), "");
  EXPECT_THAT(add({good}, 0, 59, EventKind::kEpoch), HasSubstr("event 1: expected a time from 60"));
  EXPECT_THAT(add({good}, 1, 60, EventKind::kEpoch), HasSubstr("expected a vCPU below 1"));
  EXPECT_THAT(add({good, good}, 0, 60, EventKind::kEpoch), HasSubstr("ascending"));
  EXPECT_THAT(add({good}, 0, 60, EventKind::kAccesses), HasSubstr("stream of epochs"));
  EXPECT_THAT(add({MakeEntry(99, 0)}, 0, 60, EventKind::kEpoch), HasSubstr("touch bits"));
  Event mark;
  mark.kind = EventKind::kMark;
  mark.begin = mark.end = 60;
  mark.name = "two\nlines";
  EXPECT_THAT(Message(writer.Add(mark)), HasSubstr("name without control characters"));
  const std::string long_name(256, 'x');
  mark.name = long_name;
  EXPECT_THAT(Message(writer.Add(mark)), HasSubstr("name of at most 255 bytes"));
  EXPECT_THAT(add({MakeEntry(100, 1)}, 0, 60, EventKind::kEpoch),
              HasSubstr("expected a page below 100 (the guest's memory), found page 100"));
}

TEST(BadInput, TextErrorsNameTheLine) {
  const std::string start = "uftext 1\nheader {\"ram_pages\":64,\"stream\":\"accesses\"}\n";
  const std::pair<std::string, const char*> cases[] = {
      {"uftext 1\n", "line 2: expected header"},
      {"uftext 1\nheader {}\n", "line 2: header key \"ram_pages\""},
      {start + "0 1 64 r--\n", "line 3: expected a page below 64"},
      {start + "0 1 5 q--\n", "line 3: expected r or -"},
      {start + "\n# fine\n0 x 5 r--\n", "line 5: expected a number, found \"x\""},
      {start + "0 9 5 r--\n0 8 5 r--\n", "expected a time from"},
      {start + "1 9 5 r--\n", "line 3: expected a vCPU below 1"},
      {start + "epoch 0 0 9\n", "stream of accesses"}};
  for (const auto& [text, expected] : cases) {
    std::string out;
    TraceWriter writer(CreateMemory(&out), {});
    const absl::Status status = ImportText(OpenMemory(AsBytes(text), "t.txt"), {}, writer);
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_THAT(Message(status), HasSubstr(expected));
  }
}

TEST(BadInput, CapturesAreCheckedToo) {
  const std::string head = std::string("GPTRACE1") + std::string("\x10\0\0\0", 4);
  const std::pair<std::string, const char*> cases[] = {
      {head + "ram_bytes=16384\n" + std::string("\0", 1), ""},
      {head + "ram_bytes=16384\n", "truncated"},
      {head + "ram_bytes=1638x\n", "expected a number"},
      {head + "ram_bytes", "truncated"},
      {head + "ram_bytes=16384\n\7", "offset 28: expected a record 0 to 3, found 7"},
      {head + "ram_bytes=16384\n" + std::string("\1\0\5\1\x21", 5), "found page 4"},
      {head + "ram_bytes=16384\n" + std::string("\1\3\5\1\1", 5), "expected a vCPU below 1"}};
  for (const auto& [bytes, expected] : cases) {
    std::string out;
    TraceWriter writer(CreateMemory(&out), {});
    const absl::Status status = ImportGptrace(OpenMemory(AsBytes(bytes), "c.gpt"), {}, writer);
    EXPECT_EQ(status.ok(), *expected == '\0') << status;
    EXPECT_THAT(Message(status), HasSubstr(expected));
  }
}

TEST(BadInput, FailedConversionsLeaveNothing) {
  const std::string base = testing::TempDir() + "uffdsim_bad_" + std::to_string(getpid());
  const std::string out = base + ".uft";
  EXPECT_TRUE(absl::IsNotFound(ConvertTrace(base + ".missing", out, {})));
  std::ofstream(base + ".in") << "no trace at all";
  EXPECT_THAT(Message(ConvertTrace(base + ".in", out, {})),
              HasSubstr("expected a trace (uftrace, gptrace, text), found none of them"));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_FALSE(std::filesystem::exists(out + ".partial"));
  ConvertOptions options;
  options.to = "gptrace";
  EXPECT_THAT(Message(ConvertTrace(base + ".in", out, options)), HasSubstr("not written"));
  options.to = "nonsense";
  EXPECT_THAT(Message(ConvertTrace(base + ".in", out, options)), HasSubstr("expected one of"));
  EXPECT_THAT(Message(ConvertTrace(base + ".in", base + "/no/such", {})),
              HasSubstr("cannot create"));
}

}  // namespace
}  // namespace uffdsim

// What is written is read back: any header, any events, files, pipes, text, and from any time on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include "tests/traces/trace_test_util.h"
#include "traces/bitpack.h"
#include "traces/tools.h"

namespace uffdsim {
namespace {

std::string TempPath(const std::string& name) {
  return testing::TempDir() + "uffdsim_" + std::to_string(getpid()) + "_" + name;
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(BitPack, EveryWidthKeepsEveryValue) {
  for (uint32_t width = 0; width <= 32; ++width) {
    TestRandom random(width + 1);
    uint32_t in[128];
    for (uint32_t& value : in) {
      value = static_cast<uint32_t>(random.Below(uint64_t{1} << width));
    }
    in[77] = width == 0 ? 0 : static_cast<uint32_t>((uint64_t{1} << width) - 1);
    uint8_t packed[uft::PackedBytes(32)] = {};
    uft::Pack128(in, width, packed);
    uint32_t out[128] = {};
    uft::Unpack128(packed, width, 5, out);
    for (size_t i = 0; i < 128; ++i) ASSERT_EQ(out[i], in[i] + 5) << "width " << width;
    EXPECT_EQ(uft::WidthOf(in[77]), width);
  }
}

class RoundTrip : public testing::TestWithParam<StreamKind> {};

TEST_P(RoundTrip, RandomTracesComeBack) {
  size_t entries = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TestTrace trace = RandomTrace(seed, GetParam(), 60);
    const ReadResult result = ReadTrace(WriteTrace(trace, size_t{1} << (seed % 20)));
    ASSERT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.header, trace.header);
    ASSERT_EQ(result.events, InBlocks(trace.events));
    for (const OwnedEvent& event : result.events) entries += event.entries.size();
  }
  EXPECT_GT(entries, 10000u);
}

TEST_P(RoundTrip, SameEventsAreSameBytes) {
  const TestTrace trace = RandomTrace(5, GetParam(), 50);
  EXPECT_EQ(WriteTrace(trace), WriteTrace(trace));
}

TEST_P(RoundTrip, TextHoldsTheSameEvents) {
  const TestTrace trace = RandomTrace(11, GetParam(), 80);
  const std::string uft = TempPath("text.uft");
  const std::string text = TempPath("text.txt");
  const std::string back = TempPath("back.uft");
  WriteFile(uft, WriteTrace(trace));
  ASSERT_EQ(ConvertTrace(uft, text, {}), absl::OkStatus());
  ASSERT_EQ(ReadFile(text).substr(0, 9), "uftext 1\n");
  ASSERT_EQ(ConvertTrace(text, back, {}), absl::OkStatus());
  // Accesses that follow each other may be joined differently; every access keeps its time.
  const auto single = [](const std::vector<OwnedEvent>& events) {
    std::vector<std::tuple<EventKind, uint16_t, uint64_t, uint32_t, std::string>> all;
    for (const OwnedEvent& event : events) {
      uint64_t time = event.begin;
      if (event.entries.empty() && event.kind != EventKind::kAccesses) {
        all.emplace_back(event.kind, event.vcpu, time + event.idle_ns, 0, event.name);
      }
      for (size_t i = 0; i < event.entries.size(); ++i) {
        if (!event.deltas.empty()) time += event.deltas[i];
        all.emplace_back(event.kind, event.vcpu, time, event.entries[i], event.name);
      }
    }
    return all;
  };
  const auto expected = single(trace.events);
  ASSERT_GT(expected.size(), 1000u);
  EXPECT_EQ(single(ReadTrace(ReadFile(back)).events), expected);
}

TEST_P(RoundTrip, SeekDeliversExactlyWhatEndsLater) {
  const TestTrace trace = RandomTrace(23, GetParam(), 200);
  const std::string bytes = WriteTrace(trace, 2000);
  const std::vector<OwnedEvent> events = InBlocks(trace.events);
  uint64_t last = 0;
  for (const OwnedEvent& event : events) last = std::max(last, event.end);
  ASSERT_GT(last, 1000u);
  const std::string no_index = bytes.substr(0, bytes.size() - 30);
  auto reader = TraceReader::Open(OpenMemory(AsBytes(bytes), "whole"));
  auto walker = TraceReader::Open(OpenMemory(AsBytes(no_index), "cut"), OnDamage::kRecover);
  ASSERT_TRUE(reader.ok() && walker.ok());
  TestRandom random(99);
  for (int round = 0; round < 50; ++round) {
    const uint64_t time = round == 0 ? last : round == 1 ? 0 : 1 + random.Below(last);
    SCOPED_TRACE("time " + std::to_string(time));
    std::vector<OwnedEvent> expected;
    for (const OwnedEvent& event : events) {
      if (event.end > time || time == 0) expected.push_back(event);
    }
    auto pipe = TraceReader::Open(OpenMemory(AsBytes(bytes), "pipe", MemoryMode::kPipe));
    for (TraceReader* each : {reader->get(), walker->get(), pipe->get()}) {
      ASSERT_EQ(each->SeekTo(time), absl::OkStatus());
      std::vector<OwnedEvent> got;
      for (;;) {
        auto event = each->Next();
        ASSERT_TRUE(event.ok()) << event.status();
        if (!event->has_value()) break;
        got.push_back(OwnedEvent::Of(**event));
      }
      ASSERT_EQ(got.size(), expected.size());
      ASSERT_TRUE(got == expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, RoundTrip,
                         testing::Values(StreamKind::kEpochs, StreamKind::kAccesses),
                         [](const auto& each) { return std::string(KindName(each.param)); });

TEST(Pipe, ReaderAndWriterNeedNoSeeking) {
  const TestTrace trace = RandomTrace(3, StreamKind::kEpochs, 300);
  const std::string bytes = WriteTrace(trace);
  ASSERT_GT(bytes.size(), 65536u) << "more than a pipe holds at once";
  const std::string fifo = TempPath("fifo");
  std::filesystem::remove(fifo);
  ASSERT_EQ(system(("mkfifo " + fifo).c_str()), 0);
  std::thread producer([&] {
    auto writer = TraceWriter::Create(fifo, {.chunk_bytes = 4096, .zstd_level = 1});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Begin(trace.header).ok());
    for (const OwnedEvent& event : trace.events) ASSERT_TRUE((*writer)->Add(event.View()).ok());
    ASSERT_TRUE((*writer)->Finish().ok());
  });
  auto reader = TraceReader::Open(fifo);
  ASSERT_TRUE(reader.ok()) << reader.status();
  size_t read = 0;
  for (;;) {
    auto event = (*reader)->Next();
    ASSERT_TRUE(event.ok()) << event.status();
    if (!event->has_value()) break;
    ASSERT_EQ(OwnedEvent::Of(**event), trace.events[read]);
    read += 1;
  }
  producer.join();
  EXPECT_EQ(read, trace.events.size());
  EXPECT_TRUE(absl::IsFailedPrecondition((*reader)->SeekTo(1)));
  std::filesystem::remove(fifo);
}

TEST(Writer, NothingAppearsBeforeFinish) {
  const std::string path = TempPath("atomic.uft");
  const TestTrace trace = RandomTrace(4, StreamKind::kEpochs, 30);
  {
    auto writer = TraceWriter::Create(path, {.chunk_bytes = 512, .zstd_level = 1});
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Begin(trace.header).ok());
    for (const OwnedEvent& event : trace.events) ASSERT_TRUE((*writer)->Add(event.View()).ok());
    EXPECT_FALSE(std::filesystem::exists(path));
    // What a crash would leave: the whole chunks so far.
    const ReadResult left = ReadTrace(ReadFile(path + ".partial"), OnDamage::kRecover);
    EXPECT_TRUE(left.status.ok()) << left.status;
    EXPECT_TRUE(absl::IsDataLoss(left.damage)) << left.damage;
    EXPECT_GT(left.events.size(), 10u);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  auto writer = TraceWriter::Create(path);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Begin(trace.header).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(ReadTrace(ReadFile(path)).status.ok());
}

TEST(Convert, TakesPartsByEventsAndTime) {
  const TestTrace trace = RandomTrace(8, StreamKind::kEpochs, 100);
  const std::string in = TempPath("part_in.uft");
  const std::string out = TempPath("part_out.uft");
  WriteFile(in, WriteTrace(trace));
  ConvertOptions options;
  options.skip_events = 10;
  options.limit_events = 25;
  ASSERT_EQ(ConvertTrace(in, out, options), absl::OkStatus());
  EXPECT_EQ(ReadTrace(ReadFile(out)).events,
            std::vector<OwnedEvent>(trace.events.begin() + 10, trace.events.begin() + 35));
  ConvertOptions times;
  times.from_time = 2'000'000;
  times.until_time = 8'000'000;
  ASSERT_EQ(ConvertTrace(in, out, times), absl::OkStatus());
  std::vector<OwnedEvent> expected;
  for (const OwnedEvent& event : trace.events) {
    if (event.end > 2'000'000 && event.begin < 8'000'000) expected.push_back(event);
  }
  ASSERT_GE(expected.size(), 10u);
  ASSERT_LT(expected.size(), 90u);
  EXPECT_EQ(ReadTrace(ReadFile(out)).events, expected);
}

TEST(Head, ShowsTheHeaderAndOneLinePerEvent) {
  const std::string in = TempPath("head.txt");
  WriteFile(in,
            "uftext 1\nheader {\"ram_pages\":64}\nmark 0 0 start of load\nepoch 0 0 900\n"
            "0 0 7 rw-\n0 5 3 --x\nidle 0 1500\n");
  std::ostringstream out;
  ASSERT_EQ(HeadTrace(in, 2, out), absl::OkStatus());
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_NE(text.find("mark      start of load"), std::string::npos) << text;
  EXPECT_NE(text.find("900 instructions, 2 entries: 3:x 7:rw"), std::string::npos) << text;
}

TEST(Digest, IsXxh3OfTheContent) {
  const std::string path = TempPath("digest");
  WriteFile(path, "");
  const auto digest = DigestFile(path);
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(*digest, "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing
}

}  // namespace
}  // namespace uffdsim

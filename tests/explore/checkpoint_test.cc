// Is a `--resume` directory that is not what the explorer wrote refused, whatever is wrong with it?
// What is forged with matching checksums is refused as well, because every number is looked at.
#include <gtest/gtest.h>
#include <xxhash.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/explore/exhaustive.h"
#include "sim/explore/visited.h"
#include "tests/explore/explore_test_util.h"

namespace uffdsim {
namespace {

constexpr char kProgress[] = "/progress";
constexpr char kStates[] = "/states";

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string DigestOf(const std::string& text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

// A finished exploration on disk, and what can be done to it.
class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() : setting_(NamedSetting("rwp-sync", {.pages = 1, .processes = 1})) {
    options_.resume = directory_.path();
    const auto result = Exhaust(setting_, options_);
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result->end, ExhaustiveResult::End::kClosed);
    states_ = result->states;
    progress_ = Read(Path(kProgress));
    records_ = Read(Path(kStates));
  }

  std::string Path(const char* name) const { return directory_.path() + name; }

  // The checksums made to fit.
  static std::string Sealed(std::vector<std::string> lines, const std::string& records) {
    lines[5] = "records " + DigestOf(records);
    lines.resize(6);
    const std::string text = absl::StrJoin(lines, "\n") + "\n";
    return absl::StrCat(text, "checksum ", DigestOf(text), "\n");
  }
  // One line of `progress` replaced.
  std::string Forged(std::size_t line, const std::string& text) const {
    std::vector<std::string> lines = absl::StrSplit(progress_, '\n');
    lines[line] = text;
    return Sealed(lines, records_);
  }
  // One record replaced.
  std::string WithRecord(std::size_t number, const Visited::Record& record) const {
    std::string records = records_;
    records.replace((number - 1) * sizeof(record), sizeof(record),
                    std::string(reinterpret_cast<const char*>(&record), sizeof(record)));
    return records;
  }
  Visited::Record RecordOf(std::size_t number) const {
    Visited::Record record;
    records_.copy(reinterpret_cast<char*>(&record), sizeof(record), (number - 1) * sizeof(record));
    return record;
  }

  // Both files as given: the error names the file and says what was expected.
  void ExpectRefused(const std::string& progress, const std::string& records,
                     const std::string& named) {
    Write(Path(kProgress), progress);
    Write(Path(kStates), records);
    const auto result = Exhaust(setting_, options_);
    ASSERT_FALSE(result.ok()) << named;
    const std::string message(result.status().message());
    EXPECT_NE(message.find(named), std::string::npos) << message;
    EXPECT_NE(message.find("expected"), std::string::npos) << message;
  }
  void ExpectRecordsRefused(const std::string& records) {
    ExpectRefused(Sealed(absl::StrSplit(progress_, '\n'), records), records, Path(kStates));
  }

  Directory directory_;
  Setting setting_;
  ExhaustiveOptions options_;
  std::uint64_t states_ = 0;
  std::string progress_;
  std::string records_;
};

TEST_F(CheckpointTest, WhatWasWrittenIsGoneOnFrom) {
  Write(Path(kProgress), Sealed(absl::StrSplit(progress_, '\n'), records_));
  EXPECT_EQ(Read(Path(kProgress)), progress_);  // so that what is forged below differs in one place
  const auto again = Exhaust(setting_, options_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->states, states_);
}

TEST_F(CheckpointTest, AnEmptyOrForeignProgressIsRefused) {
  ExpectRefused("", records_, Path(kProgress));
  ExpectRefused("\n", records_, Path(kProgress));
  ExpectRefused("x86_64-tiny ideal sleepers=1\n12 12 12 40 1 12\n", records_, Path(kProgress));
  ExpectRefused(std::string(std::size_t{1} << 25, 'x'), records_, Path(kProgress));
}

TEST_F(CheckpointTest, AProgressThatWasCutIsRefused) {
  for (std::size_t size = 0; size < progress_.size(); size += 61) {
    ExpectRefused(progress_.substr(0, size), records_, Path(kProgress));
  }
}

TEST_F(CheckpointTest, AnyChangedByteOfProgressIsRefused) {
  for (std::size_t at = 0; at < progress_.size(); at += 17) {
    std::string changed = progress_;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ExpectRefused(changed, records_, Path(kProgress));
  }
}

TEST_F(CheckpointTest, AnyChangedByteOfTheStatesIsRefused) {
  for (std::size_t at = 0; at < records_.size(); at += 53) {
    std::string changed = records_;
    changed[at] = static_cast<char>(changed[at] ^ 64);
    ExpectRefused(progress_, changed, Path(kStates));
  }
}

TEST_F(CheckpointTest, MissingStatesAreRefused) {
  ExpectRefused(progress_, records_.substr(0, records_.size() - 1), Path(kStates));
  ExpectRefused(progress_, "", Path(kStates));
  std::filesystem::remove(Path(kStates));
  EXPECT_FALSE(Exhaust(setting_, options_).ok());
}

TEST_F(CheckpointTest, ForgedCountsAreRefused) {
  for (const std::string& counts :
       {absl::StrCat(states_, " ", states_ + 1, " ", states_),  // expanded more than there are
        absl::StrCat(states_, " 1 ", states_),                  // a level that was left long ago
        absl::StrCat(states_ - 1, " ", states_, " ", states_), std::string("0 0 0"),
        std::string("1 1"), std::string("99999999999999 1 1"), std::string("-1 0 0")}) {
    ExpectRefused(Forged(2, "counts " + counts), records_, Path(kProgress));
  }
}

TEST_F(CheckpointTest, ForgedLevelsAreRefused) {
  for (const std::string& levels :
       {absl::StrCat("1 ", states_), absl::StrCat(states_), std::string("1 99999999999999"),
        std::string("1 18446744073709551615 1"), std::string("0"), std::string("1 x"),
        std::string("")}) {
    ExpectRefused(Forged(3, "levels " + levels), records_, Path(kProgress));
  }
}

TEST_F(CheckpointTest, ForgedLettersAreRefused) {
  ExpectRefused(Forged(4, "performed 1"), records_, Path(kProgress));
  std::vector<std::uint64_t> performed(setting_.letters.size(), 1);
  performed.back() = states_ + 1;
  ExpectRefused(Forged(4, "performed " + absl::StrJoin(performed, " ")), records_, Path(kProgress));
}

TEST_F(CheckpointTest, ForgedRecordsAreRefused) {
  Visited::Record record = RecordOf(3);
  record.letter = 0xffff;
  ExpectRecordsRefused(WithRecord(3, record));
  record = RecordOf(3);
  record.parent = 3;
  ExpectRecordsRefused(WithRecord(3, record));
  record = RecordOf(3);
  record.digest = RecordOf(2).digest;
  ExpectRecordsRefused(WithRecord(3, record));
}

// What a program whose model behaves otherwise would find.
TEST_F(CheckpointTest, StatesThatTheLettersDoNotLeadToAreRefused) {
  Visited::Record record = RecordOf(states_ - 1);
  record.digest.low ^= 1;
  ExpectRecordsRefused(WithRecord(states_ - 1, record));
}

TEST_F(CheckpointTest, WhatAKillLeavesIsGoneOnFrom) {
  Write(Path("/progress.new"), progress_.substr(0, 40));
  Write(Path(kStates), records_ + std::string(100, '\7'));
  const auto again = Exhaust(setting_, options_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->states, states_);
}

TEST_F(CheckpointTest, AnotherExplorationIsNamed) {
  const Setting other =
      NamedSetting("rwp-sync", {.pages = 1, .processes = 1}, {"E8b-setmode-leaves-sleepers"});
  const auto result = Exhaust(other, options_);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(std::string(result.status().message()).find("holds another exploration: version"),
            std::string::npos)
      << result.status();
}

TEST_F(CheckpointTest, AFileIsNoDirectory) {
  options_.resume = Path(kProgress);
  const auto result = Exhaust(setting_, options_);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(std::string(result.status().message()).find("expected a directory"), std::string::npos)
      << result.status();
}

}  // namespace
}  // namespace uffdsim

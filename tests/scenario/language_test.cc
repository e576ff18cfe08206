// Does the language say what it is given? Parser, formatter and translation, on every recorded
// scenario and on lines that are wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "sim/scenario/compare.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/translate.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kPage = 4096;

std::vector<std::string> GoldenScenarios() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           UFFDSIM_SOURCE_DIR "/tests/golden/scenarios")) {
    if (entry.path().extension() == ".scn") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Scenario Parse(const std::string& text) {
  auto scenario = ParseScenario("test", text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return scenario.ok() ? *scenario : Scenario{};
}

std::string ErrorOf(const std::string& text) {
  const auto scenario = ParseScenario("test", text);
  EXPECT_FALSE(scenario.ok()) << text;
  return std::string(scenario.status().message());
}

Statement Single(const std::string& line) {
  const Scenario scenario = Parse(line + "\n");
  EXPECT_EQ(scenario.lines.size(), 1U);
  return scenario.lines.front().statement;
}

auto Tied(const Operation& op) {
  return std::tie(op.code, op.process, op.start, op.length, op.start2, op.length2, op.value,
                  op.mode, op.features, op.disable, op.api, op.flags, op.prot, op.map_kind,
                  op.advice, op.file, op.ctx, op.target, op.pin, op.copy_from_memory, op.text);
}

auto Tied(const ScanArgs& scan) {
  return std::tie(scan.category_mask, scan.category_inverted, scan.category_anyof_mask,
                  scan.return_mask, scan.flags, scan.vec_len, scan.max_pages, scan.size);
}

TEST(Format, IsParsedBackToTheSameOnAllRecordedScenarios) {
  const auto paths = GoldenScenarios();
  ASSERT_GT(paths.size(), 280U);
  for (const std::string& path : paths) {
    const auto scenario = LoadScenario(path);
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    ASSERT_FALSE(scenario->lines.empty());
    const std::string text = FormatScenario(*scenario);
    EXPECT_EQ(Parse(text), *scenario) << path;
    EXPECT_EQ(FormatScenario(Parse(text)), text) << path;
  }
}

TEST(Parse, NamesTheOperationsThatTheRecordingsName) {
  int operations = 0;
  for (const std::string& path : GoldenScenarios()) {
    const auto scenario = LoadScenario(path);
    ASSERT_TRUE(scenario.ok());
    const auto recording = LoadRecording(path.substr(0, path.size() - 4) + ".jsonl");
    ASSERT_TRUE(recording.ok()) << recording.status();
    std::size_t index = 0;
    for (const Line& line : scenario->lines) {
      if (line.kind != Line::Kind::kOperation) continue;
      ASSERT_LT(index, recording->records.size());
      const std::string& record = recording->records[index];
      const std::string expected = "{\"i\":" + std::to_string(index) +
                                   ",\"process\":" + std::to_string(line.statement.process) +
                                   ",\"op\":\"" + std::string(OpName(line.statement.code)) + "\"";
      EXPECT_EQ(record.substr(0, expected.size()), expected) << path;
      ++index;
      ++operations;
    }
    EXPECT_EQ(index, recording->records.size()) << path;
  }
  EXPECT_GT(operations, 10000);
}

TEST(Translate, AnOperationSurvivesTheWayThroughText) {
  int operations = 0;
  for (const std::string& path : GoldenScenarios()) {
    const auto scenario = LoadScenario(path);
    ASSERT_TRUE(scenario.ok());
    Names names(kPage);
    names.Learn(*scenario);
    for (std::uint32_t p = 1; p < 8; ++p) names.BindProcess(p, MmId(static_cast<std::uint16_t>(p)));
    for (std::uint16_t u = 1; u < 10; ++u) names.BindContext("U" + std::to_string(u), CtxId(u));
    for (const Line& line : scenario->lines) {
      if (line.kind != Line::Kind::kOperation || line.statement.code == OpCode::k_observe) continue;
      const Operation op = ToOperation(line.statement, &names);
      Names other(kPage);
      for (std::size_t r = 0; r < names.regions(); ++r) other.Region(names.RegionName(r));
      Statement back = ToStatement(op, &other);
      // The text between the two is what an explorer would write to a file.
      back = Single(FormatStatement(back));
      if (!back.file.empty()) back.file = names.FileName(op.file);
      Names again = names;
      again.BindContext(back.uffd, op.ctx);
      const Operation second = ToOperation(back, &again);
      EXPECT_EQ(Tied(op), Tied(second))
          << path << ":" << line.number << " " << FormatStatement(line.statement) << " / "
          << FormatStatement(back);
      EXPECT_EQ(Tied(op.scan), Tied(second.scan)) << path << ":" << line.number;
      ++operations;
    }
  }
  EXPECT_GT(operations, 8000);
}

TEST(Parse, Quantities) {
  EXPECT_EQ(Single("munmap A 3 4").offset, (Quantity{3, 0}));
  EXPECT_EQ(Single("munmap A 3+17 4").offset, (Quantity{3, 17}));
  EXPECT_EQ(Single("munmap A b4096 0x10").offset, (Quantity{0, 4096}));
  EXPECT_EQ(Single("munmap A b0x7ffffffff000 0x10").offset, (Quantity{0, 0x7ffffffff000}));
  EXPECT_EQ(Single("munmap A 3+17 0x10").length, (Quantity{16, 0}));
}

TEST(Translate, PlacesAreSlotsInOrderOfFirstUse) {
  const Scenario scenario = Parse("map B anon 8\nmap A anon 8 at=2\nread A 3+5 2\n");
  Names names(kPage);
  names.Learn(scenario);
  EXPECT_EQ(ToOperation(scenario.lines[0].statement, &names).start, kSlotBase);
  EXPECT_EQ(ToOperation(scenario.lines[1].statement, &names).start,
            kSlotBase + kSlotBytes + 2 * kPage);
  const Operation read = ToOperation(scenario.lines[2].statement, &names);
  EXPECT_EQ(read.start, kSlotBase + kSlotBytes + 3 * kPage + 5);
  EXPECT_EQ(read.length, 2 * kPage);
  EXPECT_EQ(names.Place(read.start), "A:3+5");
  EXPECT_EQ(names.Place(kSlotBase + 7 * kPage), "B:7");
  EXPECT_EQ(names.Place(0), "?");
  EXPECT_EQ(names.Place(kSlotBase + 2 * kSlotBytes), "?");
  // All slots lie below the smallest user address space, 256 GiB.
  EXPECT_LE(kSlotBase + kMostSlots * kSlotBytes, std::uint64_t{1} << 38);
}

TEST(Translate, DefaultsAreThoseOfTheLanguage) {
  Names names(kPage);
  EXPECT_EQ(ToOperation(Single("read A 3"), &names).length, kPage);
  EXPECT_EQ(ToOperation(Single("map A anon 3"), &names).prot, kProtRead | kProtWrite);
  const Operation scan = ToOperation(Single("scan A 0 8"), &names);
  EXPECT_EQ(scan.scan.return_mask, 0x3ffU);
  EXPECT_EQ(scan.scan.vec_len, 64U);
  EXPECT_EQ(scan.scan.size, 96U);
  EXPECT_EQ(ToOperation(Single("uffd U"), &names).api, 0xAAU);
}

TEST(Translate, FlagsAndMasks) {
  Names names(kPage);
  const Operation uffd =
      ToOperation(Single("uffd U features=rwp,rwp_async user_mode_only"), &names);
  EXPECT_EQ(uffd.features, 0x60000U);
  EXPECT_EQ(uffd.flags, static_cast<std::uint32_t>(kOpUserModeOnly));
  const Operation copy = ToOperation(Single("copy U A 2 1 0 src=B:3 wp dontwake"), &names);
  EXPECT_TRUE(copy.copy_from_memory);
  EXPECT_EQ(copy.start2, kSlotBase + kSlotBytes + 3 * kPage);
  EXPECT_EQ(copy.flags, static_cast<std::uint32_t>(kOpWp | kOpDontwake));
  const Operation in_place = ToOperation(Single("mremap A 0 8 4 - 0"), &names);
  EXPECT_EQ(in_place.flags, static_cast<std::uint32_t>(kOpInPlace));
  EXPECT_EQ(in_place.length2, 4 * kPage);
  const Operation raw = ToOperation(Single("rwprotect U A 0 8 mode=5"), &names);
  EXPECT_EQ(raw.flags, static_cast<std::uint32_t>(kOpRawMode));
  EXPECT_EQ(raw.mode, 5U);
  EXPECT_EQ(ToOperation(Single("sysfs /proc/x always"), &names).text, "/proc/x always");
}

TEST(Format, OneNormalForm) {
  EXPECT_EQ(
      FormatScenario(Parse("  read   A  3\t# why \r\n\n#  alone\nscan A 0 8 vec=3 category=all\n"
                           "uffd U features=rwp,event_fork,0x40\n@2 expect error EINVAL\n")),
      "read A 3  # why\n\n#  alone\nscan A 0 8 category=all vec=3\n"
      "uffd U features=event_fork,event_unmap,rwp\n@2 expect error EINVAL\n");
  EXPECT_EQ(FormatScenario(Parse("arch arm64 x86_64\nprofile ideal\ndefect none\nfork 1\n")),
            "arch arm64 x86_64\nprofile ideal\ndefect none\nfork 1\n");
}

TEST(Parse, EveryExpectationIsPreserved) {
  const std::string text =
      "read A 0\nexpect ok\nexpect error\nexpect error EINVAL\nexpect blocked handle_userfault\n"
      "expect signal SIGSEGV ACCERR A:3\nexpect ret 3\nexpect out ENOENT\nexpect values 17*3 - "
      "s*2\n"
      "expect messages 2\nexpect message pagefault A:3 W+RWP\nexpect message remap A:0 B:0 3\n"
      "expect resumed read ok\nexpect regions A:0*3=---p------ A:5*1=---------A\n"
      "expect page A 0 3 pagemap=P--U??? entry=ANF*\n@1 expect vma A 0 flags=rd,wr,ur\n"
      "expect violation none\n";
  const Scenario scenario = Parse(text);
  EXPECT_EQ(FormatScenario(scenario), text);
  EXPECT_EQ(scenario.lines[14].expectation.length, (Quantity{3, 0}));
  EXPECT_EQ(scenario.lines[15].expectation.process, 1U);
}

TEST(Parse, ErrorsSayWhereAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf("map A anon 8\nrwprotct U A 0 8 on\n").substr(0, 42),
            "test:2:1: unknown operation 'rwprotct'; di");
  EXPECT_NE(ErrorOf("rwprotct U A 0 8 on").find("did you mean rwprotect"), std::string::npos);
  EXPECT_NE(ErrorOf("rwprotect U A 0 8\n").find("test:1:18: missing on, off or mode="),
            std::string::npos);
  EXPECT_NE(ErrorOf("madvise A 0 8 DONTNED").find("did you mean DONTNEED"), std::string::npos);
  EXPECT_NE(ErrorOf("uffd U features=rwp,rwp_asink").find("test:1:21: unknown word 'rwp_asink'"),
            std::string::npos);
  EXPECT_NE(ErrorOf("read A x").find("expected: read R off [n]"), std::string::npos);
  EXPECT_NE(ErrorOf("read A").find("missing off"), std::string::npos);
  EXPECT_NE(ErrorOf("write A 3 256").find("a number from 0 to 255"), std::string::npos);
  EXPECT_NE(ErrorOf("scan A 0 8 categry=all").find("did you mean category"), std::string::npos);
  EXPECT_NE(ErrorOf("scan A 0 8 max=1 max=2").find("given twice"), std::string::npos);
  EXPECT_NE(ErrorOf("@x read A 3").find("@P"), std::string::npos);
  EXPECT_NE(ErrorOf("@1").find("missing operation"), std::string::npos);
  EXPECT_NE(ErrorOf("fork 99").find("0 to 63"), std::string::npos);
  EXPECT_NE(ErrorOf("ksm walk").find("run, stop or unmerge"), std::string::npos);
  EXPECT_NE(ErrorOf("expect ok").find("no"), std::string::npos);
  EXPECT_NE(ErrorOf("read A 0\nexpect k").find("unknown claim"), std::string::npos);
  EXPECT_NE(ErrorOf("read A 0\nexpect page A 0 entri=3").find("did you mean entry"),
            std::string::npos);
  EXPECT_NE(ErrorOf("read A 0\nprofile ideal").find("before the first operation"),
            std::string::npos);
}

TEST(Parse, ReportsSeveralMistakesAtOnce) {
  const std::string errors = ErrorOf("raed A 3\nread A\nwrite A 1 1\nfork x\n");
  EXPECT_NE(errors.find("test:1:"), std::string::npos);
  EXPECT_NE(errors.find("test:2:"), std::string::npos);
  EXPECT_EQ(errors.find("test:3:"), std::string::npos);
  EXPECT_NE(errors.find("test:4:"), std::string::npos);
}

TEST(Syntax, EveryOperationIsParsedFromItsOwnForm) {
  // The shortest form of each operation, made from its row: required arguments only.
  for (const Syntax& syntax : AllSyntax()) {
    std::string line(syntax.name);
    for (const SyntaxParameter& p : syntax.parameters) {
      const bool required = p.form == SyntaxParameter::Form::kRequired ||
                            p.form == SyntaxParameter::Form::kRestOfLine;
      if (!required && p.role != Role::kOnOff) continue;
      switch (p.role) {
        case Role::kRegion:
        case Role::kRegion2:
        case Role::kFile:
        case Role::kUffd:
        case Role::kPath: line += " Name"; break;
        case Role::kMapKind: line += " anon"; break;
        case Role::kProt: line += " r"; break;
        case Role::kAdvice: line += " PAGEOUT"; break;
        case Role::kThread: line += " T"; break;
        case Role::kPoint: line += " fail_migrate"; break;
        case Role::kModes: line += " rwp"; break;
        case Role::kOnOff: line += " on"; break;
        case Role::kPunchAlloc: line += " punch"; break;
        case Role::kText: line += " run"; break;
        default: line += " 1";
      }
    }
    EXPECT_EQ(FormatStatement(Single(line)), line);
  }
}

TEST(Words, CategoryLettersAndMasks) {
  EXPECT_EQ(CategoryLetters(0x208), "---p-----A");
  EXPECT_EQ(MaskText(FeatureBits(), 0x60000), "rwp,rwp_async");
  EXPECT_EQ(MaskText(FeatureBits(), 0x80000), "0x80000");
  EXPECT_EQ(MaskText(CategoryBits(), 0x3ff), "all");
  EXPECT_EQ(MaskText(ModeBits(), 0), "none");
}

}  // namespace
}  // namespace uffdsim

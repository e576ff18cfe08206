// Held-open states, threads that take their steps one by one, and environment choices.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/scenario/run.h"

namespace uffdsim {
namespace {

std::string Failures(const std::string& text, std::uint32_t numa_nodes = 2) {
  const auto scenario = ParseScenario("test", text);
  if (!scenario.ok()) return std::string(scenario.status().message());
  EXPECT_EQ(FormatScenario(*scenario), text);
  RunOptions options;
  options.numa_nodes = numa_nodes;
  options.checking = Checking::kAlways;
  const auto result = RunScenario(*scenario, options);
  if (!result.ok()) return std::string(result.status().message());
  std::string found;
  for (const Failure& failure : result->failures) {
    found += std::to_string(failure.line) + ": " + failure.expected + ": " + failure.actual + "\n";
  }
  EXPECT_EQ(result->violations, 0);
  return found;
}

const std::string kArmed =
    "map A anon 4\n"
    "uffd U features=rwp\n"
    "register U A 0 4 rwp\n"
    "write A 0 7 4\n"
    "rwprotect U A 0 2 on\n";

TEST(HeldMigration, AccessesSleepUntilItEndsAndTheMarkComesBack) {
  EXPECT_EQ(Failures(kArmed + "migrate_begin A 0 4\n"
                              "expect ret 4\n"
                              "expect page A 0 2 entry=migRX:*\n"
                              "expect page A 2 2 entry=migW:*\n"
                              "read A 2\n"
                              "expect blocked migration_entry_wait\n"
                              "migrate_end\n"
                              "expect ret 4\n"
                              "expect resumed read ok\n"
                              "expect page A 0 2 pagemap=P--U?X-\n"
                              "expect page A 2 2 pagemap=P---?X-\n"),
            "");
}

TEST(HeldMigration, ACollapseSleepsUntilItEnds) {
  EXPECT_EQ(Failures("map A anon 512\n"
                     "write A 0 7 512\n"
                     "migrate_begin A 5 1\n"
                     "madvise A 0 512 COLLAPSE\n"
                     "expect blocked migration_entry_wait\n"
                     "migrate_end\n"
                     "expect resumed madvise ok\n"
                     "expect page A 0 512 entry=M*\n"
                     "read A 0 512\n"
                     "expect values 7*512\n"),
            "");
}

TEST(HeldMigration, ArmingMeanwhileIsHonoured) {
  EXPECT_EQ(Failures(kArmed + "migrate_begin A 0 4\n"
                              "rwprotect U A 0 1 off\n"
                              "rwprotect U A 3 1 on\n"
                              "migrate_end\n"
                              "expect page A 0 pagemap=P---*\n"
                              "expect page A 3 pagemap=P--U*\n"
                              "read A 3\n"
                              "expect blocked handle_userfault\n"),
            "");
}

TEST(HeldMigration, AFolioThatCannotMoveGoesBack) {
  EXPECT_EQ(Failures(kArmed + "migrate_begin A 0 2\n"
                              "choose fail_migrate 2\n"
                              "migrate_end\n"
                              "expect ret 1\n"
                              "expect page A 0 2 pagemap=P--U?X-\n"),
            "");
}

TEST(HeldMigration, UffdMoveWaitsForIt) {
  EXPECT_EQ(Failures("map A anon 4\n"
                     "map B anon 4\n"
                     "uffd U\n"
                     "register U B 0 4 missing\n"
                     "write A 0 7 4\n"
                     "migrate_begin A 1 1\n"
                     "move U B 0 A 0 4\n"
                     "expect blocked migration_entry_wait\n"
                     "migrate_end\n"
                     "expect resumed move ok\n"
                     "read B 0 4\n"
                     "expect values 7*4\n"),
            "");
}

TEST(Device, PrivatePagesKeepTheMarkAndAFaultBringsThemBack) {
  EXPECT_EQ(Failures(kArmed + "device_private A 0 3\n"
                              "expect ret 3\n"
                              "expect page A 0 entry=devR:*\n"
                              "expect page A 2 entry=devW:*\n"
                              "device_restore A 0 1\n"
                              "expect ret 1\n"
                              "expect page A 0 pagemap=P--U*\n"
                              "read A 2\n"
                              "expect values 7\n"
                              "read A 1\n"
                              "expect blocked handle_userfault\n"),
            "");
}

TEST(Device, AHugePageMovesAsAWholeAndSplitsIntoDevicePages) {
  EXPECT_EQ(Failures("map A anon 512\n"
                     "madvise A 0 512 HUGEPAGE\n"
                     "write A 0 7 3\n"
                     "expect page A 5 entry=M*\n"
                     "device_private A 0 512\n"
                     "expect ret 512\n"
                     "expect page A 5 entry=MdevW*\n"
                     "split A 0 1 pmd\n"
                     "expect ret 1\n"
                     "expect page A 5 entry=devW*\n"
                     "read A 0 3\n"
                     "expect values 7*3\n"
                     "device_restore A 0 512\n"
                     "expect ret 509\n"
                     "expect page A 500 pagemap=P*\n"),
            "");
}

TEST(Device, AHolePageIsFilledUnlessMissingIsRegistered) {
  EXPECT_EQ(Failures("map A anon 4\n"
                     "uffd U\n"
                     "register U A 0 2 missing\n"
                     "device_private A 0 4\n"
                     "expect ret 2\n"
                     "expect page A 2 2 entry=devW*\n"
                     "read A 2 2\n"
                     "expect values 0*2\n"),
            "");
}

TEST(Device, AnExclusivePageIsFaultedInFirstAndCannotBeIfArmed) {
  EXPECT_EQ(Failures(kArmed + "device_exclusive A 0 1\n"
                              "expect error EFAULT\n"
                              "device_exclusive A 2 1\n"
                              "expect ret 1\n"
                              "expect page A 2 entry=devX*\n"
                              "rwprotect U A 2 1 on\n"
                              "device_restore A 2 1\n"
                              "expect page A 2 pagemap=P--U*\n"),
            "");
}

TEST(Reclaim, TakesPagesThatOthersMapToo) {
  EXPECT_EQ(Failures("memfd M 4\n"
                     "map A shared 4 mem=M\n"
                     "map B shared 4 mem=M\n"
                     "write A 0 7 4\n"
                     "read B 0 4\n"
                     "swapon\n"
                     "madvise A 0 4 PAGEOUT\n"
                     "expect page A 0 4 pagemap=P*\n"
                     "reclaim A 0 4\n"
                     "expect ret 4\n"
                     "expect page A 0 4 pagemap=--*\n"
                     "expect page B 0 4 mincore=0\n"
                     "read B 0 4\n"
                     "expect values 7*4\n"),
            "");
}

TEST(NumaScan, HintsWithoutTheBit) {
  EXPECT_EQ(Failures(kArmed + "numa_scan A 0 4\n"
                              "expect ret 2\n"
                              "expect page A 2 2 pagemap=P---*\n"
                              "read A 2\n"
                              "expect ok\n"
                              "read A 0\n"
                              "expect blocked handle_userfault\n"),
            "");
  EXPECT_EQ(Failures("map A anon 1\nnuma_scan A 0 1\nexpect bad\n", 0), "");
}

TEST(HwPoison, InjectionDoesNotAskTheMark) {
  EXPECT_EQ(Failures(kArmed + "hwpoison A 0 1\n"
                              "expect ret 1\n"
                              "expect page A 0 entry=hwpoison\n"
                              "read A 0\n"
                              "expect signal SIGBUS MCEERR_AR\n"),
            "");
}

TEST(Split, AHugePageKeepsItsMarkOnEachPage) {
  EXPECT_EQ(Failures("map A anon 512\n"
                     "madvise A 0 512 HUGEPAGE\n"
                     "write A 0 7 512\n"
                     "uffd U features=rwp\n"
                     "register U A 0 512 rwp\n"
                     "rwprotect U A 0 512 on\n"
                     "expect page A 9 entry=M*\n"
                     "split A 0 512\n"
                     "expect ret 1\n"
                     "expect page A 0 512 pagemap=P--U*\n"
                     "expect page A 9 frame=A?1\n"),
            "");
}

TEST(Khugepaged, CollapsesWhatIsUsedAndNotWhatIsMarked) {
  const std::string filled =
      "map A anon 512\n"
      "sysfs /sys/kernel/mm/transparent_hugepage/enabled never\n"
      "madvise A 0 512 HUGEPAGE\n"
      "write A 0 7 3\n"
      "sysfs /sys/kernel/mm/transparent_hugepage/enabled always\n";
  EXPECT_EQ(Failures(filled + "khugepaged A 0 512\n"
                              "expect ret 1\n"
                              "expect page A 0 512 entry=M*\n"),
            "");
  EXPECT_EQ(Failures(filled + "uffd U features=rwp\n"
                              "register U A 0 512 rwp\n"
                              "khugepaged A 0 512\n"
                              "expect ret 0\n"),
            "");
  EXPECT_EQ(Failures(filled + "madvise A 0 512 COLD\n"
                              "khugepaged A 0 512\n"
                              "expect ret 0\n"),
            "");
}

TEST(Threads, TakeTheirStepsWhenToldAndNobodyElseMovesThem) {
  EXPECT_EQ(Failures(kArmed + "thread T read A 0\n"
                              "expect started\n"
                              "step T until fault.deliver\n"
                              "expect next fault.deliver\n"
                              "rwprotect U A 0 1 off\n"
                              "messages U\n"
                              "expect messages 0\n"
                              "step T\n"
                              "expect ret 1\n"
                              "step T run\n"
                              "expect next done\n"
                              "expect resumed read ok\n"
                              "step T\n"
                              "expect bad\n"),
            "");
}

TEST(Threads, SleepAndGoOnOnlyWhenTheyStep) {
  EXPECT_EQ(Failures(kArmed + "thread T write A 0 9\n"
                              "step T run\n"
                              "expect next asleep handle_userfault\n"
                              "thread T read A 1\n"
                              "expect bad\n"
                              "rwprotect U A 0 1 off\n"
                              "expect resumed none\n"
                              "read A 0\n"
                              "expect values 7\n"
                              "step T 2\n"
                              "step T run\n"
                              "expect resumed write ok\n"
                              "read A 0\n"
                              "expect values 9\n"),
            "");
}

TEST(Threads, AFaultHoldsTheLockFromTheCheckOfItsMappingOn) {
  EXPECT_EQ(Failures("map A hugeshared 1\n"
                     "thread T write A 0 7\n"
                     "step T\n"
                     "expect next fault.walk\n"
                     "mprotect A 0 1 r\n"
                     "expect bad\n"
                     "step T run\n"
                     "expect resumed write ok\n"
                     "mprotect A 0 512 r\n"
                     "expect ok\n"
                     "write A 0 8\n"
                     "expect signal SIGSEGV\n"),
            "");
}

// Pages of a child that are huge in the parent: the folio is mapped only in part there, but whoever
// migrates it has it locked.
TEST(Threads, AFolioThatMigratesIsNotSplit) {
  EXPECT_EQ(Failures("map A anon 512\n"
                     "madvise A 0 512 HUGEPAGE\n"
                     "write A 0 7\n"
                     "thread T migrate A 0 1 1 all\n"
                     "fork 2\n"
                     "@2 write A 0 8\n"
                     "step T until migrate.move\n"
                     "drop_caches 2\n"
                     "step T run\n"
                     "expect resumed migrate ok\n"
                     "read A 0\n"
                     "expect values 7\n"
                     "@2 read A 0\n"
                     "expect values 8\n"),
            "");
}

// It sleeps at the huge page's first address, the fault is at another one.
TEST(Threads, WhoSleepsAgainOnAHugePageWasNotWokenYet) {
  EXPECT_EQ(Failures("map A hugeshared 1\n"
                     "uffd U features=rwp\n"
                     "register U A 0 512 missing,rwp\n"
                     "read A 1\n"
                     "expect blocked handle_userfault\n"
                     "rwprotect U A 0 512 off\n"
                     "expect resumed none\n"
                     "copy U A 0 512 5 dontwake\n"
                     "expect resumed none\n"
                     "wake U A 0 512\n"
                     "expect resumed read ok\n"),
            "");
}

TEST(Threads, MistakesArePointedAt) {
  EXPECT_NE(Failures("map A anon 1\nthread T read A 0\nstep T until fault.deliber\n")
                .find("test:3:1: no path has a step 'fault.deliber'; did you mean fault.deliver"),
            std::string::npos);
  EXPECT_NE(Failures("thread T observe\n").find("no steps"), std::string::npos);
  EXPECT_NE(Failures("thread 7 read A 0\n").find("name for a thread"), std::string::npos);
  EXPECT_NE(Failures("step T until\n").find("missing PATH.STEP"), std::string::npos);
  EXPECT_NE(Failures("choose fail_migrat\n").find("did you mean fail_migrate"), std::string::npos);
  EXPECT_NE(Failures("choose fail_migrate 0\n").find("from 1"), std::string::npos);
}

// A region of twelve pages, each registered with a context of its own.
std::string Twelve(const std::string& feature) {
  std::string text = "map A anon 12\n";
  for (int i = 0; i < 12; ++i) {
    const std::string name = "U" + std::to_string(i);
    text += "uffd " + name + " features=" + feature + "\n";
    text += "register " + name + " A " + std::to_string(i) + " 1 missing\n";
  }
  return text;
}

TEST(Events, OneForEachContextHoweverManyThereAre) {
  std::string unmap = Twelve("event_unmap") + "munmap A 0 12\nexpect blocked\n";
  std::string forked = Twelve("event_fork") + "fork 1\nexpect blocked\n";
  std::string moved =
      Twelve("event_unmap") + "map B anon 12\nmremap B 0 12 12 A 0\nexpect blocked\n";
  for (int i = 0; i < 12; ++i) {
    const std::string read = "messages U" + std::to_string(i) + "\n";
    unmap += read + "expect message unmap A:0 12\n";
    forked += read + "expect message fork U" + std::to_string(i) + "c1\n";
    moved += read + "expect message unmap A:0 12\n";
  }
  EXPECT_EQ(Failures(unmap + "expect resumed munmap ok\n"), "");
  EXPECT_EQ(Failures(forked + "expect resumed fork ok\n"), "");
  EXPECT_EQ(Failures(moved + "expect resumed mremap ok\n"), "");
}

TEST(Events, AKilledThreadAnnouncesNoMore) {
  EXPECT_EQ(Failures("uffd U features=event_fork,event_unmap\n"
                     "map A anon 2\n"
                     "register U A 0 2 missing\n"
                     "fork 1\n"
                     "messages U\n"
                     "expect message fork Uc1\n"
                     "@1 munmap A 0 1\n"
                     "expect blocked userfaultfd_event_wait_completion\n"
                     "exit 1\n"
                     "expect ok\n"
                     "copy U A 1 1 5\n"
                     "expect ok\n"),
            "");
}

TEST(Choices, TheSecondReadFromSwapFails) {
  EXPECT_EQ(Failures("map A anon 2\n"
                     "write A 0 7 2\n"
                     "swapon\n"
                     "madvise A 0 2 PAGEOUT\n"
                     "choose fail_swap_in 2\n"
                     "read A 0\n"
                     "expect ok\n"
                     "read A 1\n"
                     "expect signal SIGBUS\n"
                     "expect page A 1 pagemap=-S*\n"),
            "");
}

}  // namespace
}  // namespace uffdsim

// Is the emulator started as each architecture's row says, is the model set up for the kernel that
// answers, and does a scenario that the kernel lacks something for say what?
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/arch/arch.h"
#include "sim/conform/guests.h"
#include "sim/conform/kernel/needs.h"
#include "sim/conform/machine.h"
#include "sim/conform/model_run.h"
#include "sim/conform/within.h"
#include "sim/scenario/format.h"
#include "sim/scenario/parse.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

using testing::Contains;
using testing::HasSubstr;

const char* const kArchs[] = {"x86_64", "aarch64", "riscv64", "s390x", "ppc64le", "loongarch64"};

// The word behind `option`; empty when there is none.
std::string After(const std::vector<std::string>& words, const std::string& option) {
  const auto at = std::find(words.begin(), words.end(), option);
  return at == words.end() || at + 1 == words.end() ? "" : *(at + 1);
}

TEST(Guests, EachArchitectureOfTheCatalogueHasARow) {
  for (const Arch* arch : AllArchs()) {
    EXPECT_NE(FindGuest(arch->kernel_name()), nullptr) << arch->kernel_name();
  }
  EXPECT_EQ(GuestNames(), absl::StrJoin(kArchs, ", "));
  EXPECT_EQ(FindGuest("arm64"), nullptr);  // Debian's name, not uname's
}

TEST(Guests, TheEmulatorIsStartedAsTheRowSays) {
  Launch launch;
  launch.emulator = "qemu";
  launch.accelerator = "tcg";
  launch.kernel = "/k/vmlinuz";
  launch.append = "more";
  for (const char* name : kArchs) {
    const GuestMachine& guest = *FindGuest(name);
    const std::vector<std::string> words = EmulatorArguments(guest, launch);
    EXPECT_EQ(words[0], "qemu");
    EXPECT_EQ(After(words, "-machine"), guest.machine);
    EXPECT_EQ(After(words, "-cpu"), guest.cpu);
    EXPECT_EQ(After(words, "-kernel"), "/k/vmlinuz");
    const std::string append = After(words, "-append");
    EXPECT_THAT(append, HasSubstr(absl::StrCat("console=", std::string(guest.console), " ")));
    EXPECT_THAT(append, HasSubstr(std::string(guest.append)));
    EXPECT_TRUE(append.ends_with(" more")) << append;
    EXPECT_EQ(After(words, "-numa").empty(), guest.nodes == 1) << name;
  }
  EXPECT_EQ(After(EmulatorArguments(*FindGuest("riscv64"), launch), "-L"), "");
  EXPECT_EQ(After(EmulatorArguments(*FindGuest("loongarch64"), launch), "-bios"),
            "/usr/share/qemu/../qemu-efi-loongarch64/QEMU_EFI.fd");
  launch.images = "/q/share";
  EXPECT_EQ(After(EmulatorArguments(*FindGuest("riscv64"), launch), "-L"), "/q/share");
  EXPECT_EQ(After(EmulatorArguments(*FindGuest("riscv64"), launch), "-bios"), "");
  EXPECT_EQ(After(EmulatorArguments(*FindGuest("loongarch64"), launch), "-bios"),
            "/q/share/../qemu-efi-loongarch64/QEMU_EFI.fd");
  launch.accelerator = "kvm";
  launch.cpus = 3;
  const auto words = EmulatorArguments(*FindGuest("x86_64"), launch);
  EXPECT_EQ(After(words, "-cpu"), "host");
  EXPECT_EQ(After(words, "-smp"), "3");
  EXPECT_EQ(After(words, "-numa"), "node,nodeid=0,cpus=0-2,memdev=near");
  EXPECT_THAT(words, Contains("memory-backend-ram,id=far,size=512M"));
}

TEST(Guests, TheEmulatorsReleaseIsRead) {
  EXPECT_EQ(EmulatorVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"), 7);
  EXPECT_EQ(EmulatorVersion("QEMU emulator version 11.1.3"), 11);
  EXPECT_EQ(EmulatorVersion("bash: qemu: command not found"), 0);
}

TEST(Guests, WhatIsMissingIsSaid) {
  VirtualMachineSettings settings;
  settings.kernel = UFFDSIM_SOURCE_DIR "/README.md";
  settings.arch = "arm64";
  EXPECT_THAT(BootVirtualMachine(settings).status().ToString(),
              HasSubstr("no virtual machine for 'arm64'; x86_64, aarch64, "));
  settings.arch = "loongarch64";
  settings.emulator = absl::StrCat(testing::TempDir(), "/old-qemu-", getpid());
  EXPECT_THAT(BootVirtualMachine(settings).status().ToString(), HasSubstr("cannot be started"));
  std::ofstream(settings.emulator) << "#!/bin/sh\necho QEMU emulator version 7.2.22\n";
  chmod(settings.emulator.c_str(), 0755);
  EXPECT_THAT(BootVirtualMachine(settings).status().ToString(),
              HasSubstr("version 7; a guest of loongarch64 needs QEMU 11 or later"));
  std::filesystem::remove(settings.emulator);
}

KernelRun KernelOf(const std::string& arch, std::uint64_t page_size, std::uint64_t offered) {
  KernelRun kernel;
  kernel.arch = arch;
  kernel.page_size = page_size;
  kernel.offered = offered;
  return kernel;
}

TEST(ModelSetting, FollowsArchitecturePageSizeAndUffdBit) {
  struct Row {
    const char* arch;
    std::uint64_t page_size;
    std::uint64_t offered;
    const char* model;
  };
  const Row rows[] = {{"x86_64", 4096, 0x7ffff, "x86_64-4level"},
                      {"aarch64", 4096, 0x7ffff, "arm64-4k"},
                      {"aarch64", 65536, 0x7ffff, "arm64-64k"},
                      {"riscv64", 4096, 0x7ffff, "riscv64-svrsw"},
                      {"riscv64", 4096, 0x107fe, "riscv64-noext"},
                      {"s390x", 4096, 0x1017e, "s390x"},
                      {"ppc64le", 4096, 0x1017e, "ppc64-4k-radix"},
                      {"ppc64le", 65536, 0x1017e, "ppc64-64k-radix"},
                      {"loongarch64", 16384, 0x1017e, "loongarch64-16k"}};
  for (const Row& row : rows) {
    const auto setting = SettingOf(KernelOf(row.arch, row.page_size, row.offered));
    ASSERT_TRUE(setting.ok()) << setting.status();
    EXPECT_EQ(setting->arch, row.model);
  }
  EXPECT_THAT(SettingOf(KernelOf("s390x", 65536, 0)).status().ToString(),
              HasSubstr("the model has no s390x with pages of 65536 bytes"));
}

TEST(ModelSetting, FollowsTheMachine) {
  KernelRun kernel = KernelOf("s390x", 4096, 0);
  EXPECT_TRUE(TakeExecutorLine(
      R"({"kernel":"7.3","arch":"s390x","page_size":4096,"nodes":1,"lacks":"page-tables thp"})",
      &kernel));
  const auto setting = SettingOf(kernel);
  ASSERT_TRUE(setting.ok());
  EXPECT_EQ(setting->numa_nodes, 1U);
  EXPECT_FALSE(setting->vma_locks.has_value()) << "a recording does not say";
  kernel.built = "#1 SMP PREEMPT_DYNAMIC Debian 7.3.4-1";
  EXPECT_EQ(SettingOf(kernel)->vma_locks, true);
  kernel.built = "#3 Sat Nov 28";
  EXPECT_EQ(SettingOf(kernel)->vma_locks, false);
  EXPECT_FALSE(setting->thp);
  const auto scenario = ParseScenario("t",
                                      "map A anon 512\nmadvise A 0 512 COLLAPSE\n"
                                      "sysfs /sys/kernel/mm/transparent_hugepage/enabled always\n");
  ASSERT_TRUE(scenario.ok());
  const auto run = RunModel(*scenario, *setting);
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_EQ(run->records.size(), 3U);
  EXPECT_THAT(run->records[1], HasSubstr("EINVAL"));
  EXPECT_THAT(run->records[2], HasSubstr("ENOENT"));
}

std::string Lacks(const std::string& text, const Offer& offer) {
  const auto scenario = ParseScenario("t", text);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return Lacking(*scenario, offer);
}

TEST(Needs, TheFirstThingThatTheKernelLacksIsNamed) {
  const Offer all = {.features = 0x7ffff, .nodes = 2, .huge_pages = 40, .huge_bytes = 2 << 20};
  const std::string everything =
      "map A hugeanon 512\nuffd U\nregister U A 0 512 wp,minor,rwp\nwriteprotect U A 0 1 on\n"
      "migrate A 0 1 1\nmbind A 0 1 2 1 0\n";
  EXPECT_EQ(Lacks(everything, all), "");
  Offer less = all;
  less.features = 0;
  EXPECT_EQ(Lacks("uffd U\nregister U A 0 1 wp\n", less),
            "kernel has no userfaultfd, or does not allow it");
  less.features = all.features & ~uapi::kFeatureWp;
  EXPECT_EQ(Lacks("register U A 0 1 wp\n", less), "kernel has no WP");
  EXPECT_EQ(Lacks("writeprotect U A 0 1 on\n", less), "kernel has no WP");
  EXPECT_EQ(Lacks("register U A 0 1 missing\n", less), "");
  less.features = all.features & ~uapi::kFeatureRwp;
  EXPECT_EQ(Lacks("rwprotect U A 0 1 on\n", less), "kernel has no RWP");
  less.features = all.features & ~uapi::kFeatureMinorShmem;
  EXPECT_EQ(Lacks("continue U A 0 1\n", less), "kernel has no MINOR_SHMEM");
  less = all;
  less.nodes = 1;
  EXPECT_EQ(Lacks("migrate A 0 1 1\n", less), "kernel has no second memory node");
  less = all;
  less.moves_huge = false;
  EXPECT_EQ(Lacks("map A anon 1\nmbind A 0 1 2 2 0\nmap B hugeanon 512\n", less), "");
  EXPECT_EQ(Lacks("map B hugeanon 512\nmbind B 0 512 2 2 0\n", less),
            "kernel does not move huge pages to another node");
  less = all;
  less.huge_pages = 3;
  less.huge_bytes = 32 << 20;
  EXPECT_EQ(Lacks("memfd M 512 hugetlb\n", less),
            "kernel has 3 huge pages of 33554432 bytes, not 40");
  EXPECT_EQ(Lacks("memfd M 512\nmap A anon 1\n", less), "");
  less.huge_bytes = 0;
  EXPECT_EQ(Lacks("map A hugeshared 512\n", less), "kernel has no hugetlb");
}

TEST(WithinReach, LeavesNothingThatTheKernelLacks) {
  const auto scenario = ParseScenario(
      "t",
      "map A hugeanon 512\nmemfd M 512 hugetlb\nmap B anon 4\n"
      "uffd U features=rwp,wp_async,event_fork\nregister U B 0 4 wp,minor,rwp\n"
      "rwprotect U B 0 1 on\nwriteprotect U B 0 1 on\ncontinue U B 0 1\n"
      "set_mode U enable=rwp_async\nscan B 0 4 category=accessed return=accessed,present\n"
      "migrate B 0 1 1\nmbind B 0 1 2 2 0\nread B 0\n");
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  KernelRun kernel = KernelOf("s390x", 4096, 0x1017e);
  kernel.nodes = 1;
  kernel.lacks = "page-tables hugetlb";
  Offer offer = {.features = kernel.offered, .nodes = 1};
  EXPECT_NE(Lacking(*scenario, offer), "");
  const Scenario within = WithinReach(*scenario, kernel);
  EXPECT_EQ(Lacking(within, offer), "");
  EXPECT_EQ(FormatScenario(within),
            "map A anon 512\nmemfd M 512\nmap B anon 4\nuffd U features=event_fork\n"
            "register U B 0 4 missing\nscan B 0 4 category=none return=present\nread B 0\n");
  kernel.offered = 0x7ffff;
  kernel.nodes = 2;
  kernel.lacks = "";
  EXPECT_EQ(FormatScenario(WithinReach(*scenario, kernel)), FormatScenario(*scenario));
}

}  // namespace
}  // namespace uffdsim

// A kernel image under QEMU, kept for many scenarios.
//
// Rules:   one CPU unless asked otherwise, two memory nodes with the CPUs in the first, 40 huge
// pages and
//          a zram device that `swapon` uses (see README.md). A scenario that hangs or crashes the
//          guest costs a restart; the run says what the console said.
// Owned by: the caller. Errors: NotFound without QEMU or the image, DeadlineExceeded when it does
// not boot, FailedPrecondition when QEMU is too old for the guest.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"

namespace uffdsim {

struct VirtualMachineSettings {
  std::string kernel;            // image; modules are taken from the folder `modules` beside it
  std::string executor;          // static, of the guest's architecture
  std::string arch = "x86_64";   // a row of guests.def
  std::string emulator;          // program; empty: the row's, as PATH has it
  std::string accelerator = "";  // kvm or tcg; empty: kvm where it works, else tcg
  std::string append;            // more words for the kernel's command line
  std::string work_folder;       // for the initramfs and the console's log
  int cpus = 1;
  std::chrono::seconds boot_patience{120};
  std::chrono::seconds scenario_patience{40};
};

absl::StatusOr<std::unique_ptr<Backend>> BootVirtualMachine(const VirtualMachineSettings& settings);

}  // namespace uffdsim

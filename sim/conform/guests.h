// The architectures that a virtual machine is made for, and how QEMU is started for them.
//
// Rules:    guests.def is the table; nothing else here names an architecture.
// Owned by: the table lives for the whole program. Errors: null for a name that has no row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uffdsim {

struct GuestMachine {
  std::string_view arch;      // as uname -m
  std::string_view emulator;  // program
  int oldest;                 // major release of QEMU
  std::string_view machine;
  std::string_view cpu;  // under tcg
  std::string_view console;
  int nodes;  // memory nodes: 1, or 2 with the CPUs in the first
  int memory_mib;
  std::string_view firmware;  // file beside the emulator's folder of images; empty: its own
  std::string_view append;    // words for the kernel's command line
};

const GuestMachine* FindGuest(std::string_view arch);
// "x86_64, aarch64, ..", for messages.
std::string GuestNames();

// One start of the emulator.
struct Launch {
  std::string emulator;
  std::string images;       // folder of the emulator's images; empty: where it looks by itself
  std::string accelerator;  // kvm or tcg
  int cpus = 1;
  std::string kernel;
  std::string initramfs;
  std::string console;  // log file
  std::string append;
};
// The program and its arguments. The guest's port `uffdsim` is the emulator's standard input and
// output.
std::vector<std::string> EmulatorArguments(const GuestMachine& guest, const Launch& launch);

// The major release in the first line of `--version`; 0 when there is none.
int EmulatorVersion(std::string_view line);

}  // namespace uffdsim

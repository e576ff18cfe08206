#include "sim/conform/guests.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace uffdsim {
namespace {

constexpr GuestMachine kGuests[] = {
#define GUEST(arch, emulator, oldest, machine, cpu, console, nodes, memory, firmware, append) \
  {arch, emulator, oldest, machine, cpu, console, nodes, memory, firmware, append},
#include "sim/conform/guests.def"
#undef GUEST
};

std::vector<std::string> MemoryArguments(const GuestMachine& guest, const Launch& launch) {
  std::vector<std::string> words = {"-m", absl::StrCat(guest.memory_mib, "M")};
  if (guest.nodes < 2) return words;
  const std::string half = absl::StrCat(guest.memory_mib / 2, "M");
  const std::string last = absl::StrCat(launch.cpus - 1);
  for (const std::string& word :
       {std::string("-object"), absl::StrCat("memory-backend-ram,id=near,size=", half),
        std::string("-object"), absl::StrCat("memory-backend-ram,id=far,size=", half),
        std::string("-numa"), absl::StrCat("node,nodeid=0,cpus=0-", last, ",memdev=near"),
        std::string("-numa"), std::string("node,nodeid=1,memdev=far")}) {
    words.push_back(word);
  }
  return words;
}

}  // namespace

const GuestMachine* FindGuest(std::string_view arch) {
  for (const GuestMachine& guest : kGuests) {
    if (guest.arch == arch) return &guest;
  }
  return nullptr;
}

std::string GuestNames() {
  return absl::StrJoin(kGuests, ", ", [](std::string* out, const GuestMachine& guest) {
    absl::StrAppend(out, std::string(guest.arch));
  });
}

std::vector<std::string> EmulatorArguments(const GuestMachine& guest, const Launch& launch) {
  const bool kvm = launch.accelerator == "kvm";
  std::vector<std::string> words = {launch.emulator,
                                    "-machine",
                                    std::string(guest.machine),
                                    "-accel",
                                    launch.accelerator,
                                    "-cpu",
                                    kvm ? "host" : std::string(guest.cpu),
                                    "-smp",
                                    absl::StrCat(launch.cpus)};
  for (std::string& word : MemoryArguments(guest, launch)) words.push_back(std::move(word));
  if (!launch.images.empty()) {
    words.emplace_back("-L");
    words.push_back(launch.images);
  }
  if (!guest.firmware.empty()) {
    const std::string images = launch.images.empty() ? "/usr/share/qemu" : launch.images;
    words.emplace_back("-bios");
    words.push_back(absl::StrCat(images, "/../", std::string(guest.firmware)));
  }
  for (const char* word : {"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                           "-chardev", "stdio,id=scripts,signal=off", "-device", "virtio-serial",
                           "-device", "virtserialport,chardev=scripts,name=uffdsim"}) {
    words.emplace_back(word);
  }
  const std::string append = absl::StrCat(
      "console=", std::string(guest.console), " quiet panic=-1 oops=panic norandmaps rdinit=/init ",
      std::string(guest.append), launch.append.empty() ? "" : " ", launch.append);
  for (const std::string& word :
       {std::string("-serial"), "file:" + launch.console, std::string("-kernel"), launch.kernel,
        std::string("-initrd"), launch.initramfs, std::string("-append"), append}) {
    words.push_back(word);
  }
  return words;
}

int EmulatorVersion(std::string_view line) {
  constexpr std::string_view kBefore = "QEMU emulator version ";
  if (line.substr(0, kBefore.size()) != kBefore) return 0;
  return std::atoi(std::string(line.substr(kBefore.size())).c_str());
}

}  // namespace uffdsim

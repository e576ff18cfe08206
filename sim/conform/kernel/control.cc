#include "sim/conform/kernel/control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sim/conform/kernel/answer.h"
#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/huge_pool.h"
#include "sim/scenario/kernel_settings.h"

namespace uffdsim {
namespace {

constexpr char kZram[] = "/dev/zram0";
constexpr char kSwapFile[] = "/var/tmp/uffdsim-swap";
constexpr std::uint64_t kSwapBytes = std::uint64_t{256} << 20;
constexpr char kKsm[] = "/sys/kernel/mm/ksm/";
constexpr int kScansPerRun = 3;
// ksmd looks at nothing when no process has mergeable memory: no scan ever ends then.
constexpr int kScanPatienceMilliseconds = 400;

Outcome ErrorOutcome(int error) {
  Outcome outcome;
  if (error == 0) return outcome;
  outcome.status = Outcome::Status::kError;
  outcome.error = ErrnoOf(error);
  return outcome;
}

// "always [madvise] never" is madvise.
std::string Chosen(const std::string& text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == std::string::npos || close == std::string::npos) return Trimmed(text);
  return text.substr(open + 1, close - open - 1);
}

std::uint64_t Number(const std::string& path) {
  return std::strtoull(ReadWhole(path).c_str(), nullptr, 10);
}

// The header that swapon(2) wants: version 1, the last page, the signature at the first page's end.
bool WriteSwapHeader(const char* path, std::uint64_t bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::string header(page, '\0');
  const auto version = std::uint32_t{1};
  const auto last_page = static_cast<std::uint32_t>(bytes / page - 1);
  std::memcpy(header.data() + 1024, &version, sizeof(version));
  std::memcpy(header.data() + 1028, &last_page, sizeof(last_page));
  std::memcpy(header.data() + page - 10, "SWAPSPACE2", 10);
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = pwrite(file, header.data(), page, 0) == static_cast<ssize_t>(page);
  close(file);
  return written;
}

// The device that the virtual machine has; elsewhere a file. Empty when there is neither.
std::string PrepareSwap() {
  if (Number("/sys/block/zram0/disksize") >= kSwapBytes) {
    return WriteSwapHeader(kZram, kSwapBytes) ? kZram : "";
  }
  const int file = open(kSwapFile, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return "";
  const bool there = posix_fallocate(file, 0, static_cast<off_t>(kSwapBytes)) == 0;
  close(file);
  return there && WriteSwapHeader(kSwapFile, kSwapBytes) ? kSwapFile : "";
}

}  // namespace

int Control::Set(const std::string& path, const std::string& value) {
  const std::string old = Chosen(ReadWhole(path));
  const int error = WriteWhole(path, value);
  if (error == 0 && old != value) before_.emplace_back(path, old);
  return error;
}

void Control::SetDefaults() {
  if (!allowed_) return;
  for (const KernelSetting& setting : kKernelSettings) {
    if (access(setting.path, W_OK) == 0) Set(setting.path, setting.value);
  }
  // The table has x86-64's size.
  if (const std::string pool = HugePoolPath(); !pool.empty()) {
    Set(pool, std::to_string(kHugePagesOfScenario));
  }
}

void Control::PutBack() {
  if (!swap_.empty() && swap_is_ours_) SwitchSwapOff();
  if (std::exchange(ksm_used_, false)) {
    WriteWhole(std::string(kKsm) + "run", "2");
    WriteWhole(std::string(kKsm) + "run", "0");
  }
  for (auto setting = before_.rbegin(); setting != before_.rend(); ++setting) {
    WriteWhole(setting->first, setting->second);
  }
  before_.clear();
}

Outcome Control::Perform(const Operation& op) {
  switch (op.code) {
    case OpCode::k_swapon: return SwitchSwapOn();
    case OpCode::k_swapoff: return SwitchSwapOff();
    case OpCode::k_drop_caches:
      return ErrorOutcome(WriteWhole("/proc/sys/vm/drop_caches", std::to_string(op.value)));
    case OpCode::k_compact: return ErrorOutcome(WriteWhole("/proc/sys/vm/compact_memory", "1"));
    case OpCode::k_ksm: return ControlKsm(op.text);
    case OpCode::k_sysfs: return WriteSetting(op.text);
    default: return ErrorOutcome(ENOSYS);
  }
}

Outcome Control::SwitchSwapOn() {
  if (!swap_.empty()) return ErrorOutcome(EBUSY);
  const std::string path = PrepareSwap();
  if (path.empty()) return ErrorOutcome(ENOENT);
  if (swapon(path.c_str(), 0) != 0) return ErrorOutcome(errno);
  swap_ = path;
  swap_is_ours_ = true;
  return {};
}

Outcome Control::SwitchSwapOff() {
  if (swap_.empty()) return ErrorOutcome(EINVAL);
  if (swapoff(swap_.c_str()) != 0) return ErrorOutcome(errno);
  if (swap_ == kSwapFile) unlink(kSwapFile);
  swap_.clear();
  return {};
}

Outcome Control::ControlKsm(const std::string& verb) {
  const std::string ksm = kKsm;
  ksm_used_ = true;
  int error = 0;
  if (verb == "run") {
    const std::uint64_t target = Number(ksm + "full_scans") + kScansPerRun;
    error = WriteWhole(ksm + "run", "1");
    std::uint64_t seen = 0;
    for (int quiet = 0; Number(ksm + "full_scans") < target && quiet < kScanPatienceMilliseconds;
         ++quiet) {
      const std::uint64_t scanned = Number(ksm + "full_scans") + Number(ksm + "pages_scanned");
      if (scanned != seen) quiet = 0;
      seen = scanned;
      usleep(1000);
    }
    WriteWhole(ksm + "run", "0");
  } else {
    error = WriteWhole(ksm + "run", verb == "unmerge" ? "2" : "0");
  }
  Outcome outcome = ErrorOutcome(error);
  outcome.ksm_shared = Number(ksm + "pages_shared");
  outcome.ksm_sharing = Number(ksm + "pages_sharing");
  return outcome;
}

Outcome Control::WriteSetting(const std::string& text) {
  const std::size_t space = text.find(' ');
  const std::string path = text.substr(0, space);
  const std::string value = space == std::string::npos ? "" : text.substr(space + 1);
  // A setting that only the boot loader makes: there or not.
  constexpr std::string_view kBoot = "/proc/cmdline/";
  if (path.rfind(kBoot, 0) == 0) {
    const std::string wanted = " " + path.substr(kBoot.size()) + "=" + value + " ";
    if ((" " + Trimmed(ReadWhole("/proc/cmdline")) + " ").find(wanted) != std::string::npos) {
      return {};
    }
    Outcome refused;
    refused.status = Outcome::Status::kBad;
    refused.reason = "needs a boot parameter";
    return refused;
  }
  if (path.rfind("/sys/", 0) != 0 && path.rfind("/proc/sys/", 0) != 0) return ErrorOutcome(EACCES);
  return ErrorOutcome(Set(path, value));
}

}  // namespace uffdsim

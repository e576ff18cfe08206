#include "sim/conform/kernel/needs.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>

#include "sim/scenario/words.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kAccessed = std::uint64_t{1} << 9;

std::uint64_t KnownFeatures() {
  std::uint64_t all = 0;
  for (const NamedBit& row : FeatureBits()) all |= row.bit;
  return all;
}

// The features without which the operation means nothing.
std::uint64_t NeedsOf(const Statement& s) {
  switch (s.code) {
    case OpCode::k_uffd: return s.features & KnownFeatures();
    case OpCode::k_rwprotect:
    case OpCode::k_set_mode: return uapi::kFeatureRwp;
    case OpCode::k_register: return (s.mode & uapi::kModeRwp) != 0 ? uapi::kFeatureRwp : 0;
    case OpCode::k_move: return uapi::kFeatureMove;
    case OpCode::k_poison: return uapi::kFeaturePoison;
    case OpCode::k_scan: {
      const ScanArgs& scan = s.scan;
      const std::uint64_t asked = scan.category_mask | scan.category_anyof_mask |
                                  scan.category_inverted |
                                  (scan.return_mask == kAllCategories ? 0 : scan.return_mask);
      return (asked & kAccessed) != 0 ? uapi::kFeatureRwp : 0;
    }
    default: return 0;
  }
}

}  // namespace

std::uint64_t OfferedFeatures() {
  const auto file = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  if (file < 0) return 0;
  uapi::Api api{0xAA, 0, 0};
  const bool answered = ioctl(file, uapi::kApiCall, &api) == 0;
  close(file);
  return answered ? api.features : 0;
}

std::string Lacking(const Scenario& scenario, std::uint64_t offered) {
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const std::uint64_t missing = NeedsOf(line.statement) & ~offered;
    if (missing == 0) continue;
    if (offered == 0) return "kernel has no userfaultfd, or does not allow it";
    for (const NamedBit& row : FeatureBits()) {
      if ((missing & row.bit) == 0) continue;
      std::string name(row.name);
      for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return "kernel has no " + name;
    }
  }
  return "";
}

}  // namespace uffdsim

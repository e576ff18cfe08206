#include "model/arch/catalogue.h"

// A test may bring rows of its own (an architecture that exists only there).
#ifndef UFFDSIM_ARCH_DEF
#define UFFDSIM_ARCH_DEF "model/arch/arch.def"
#endif

#include <algorithm>
#include <string>
#include <vector>

namespace uffdsim {

#define ARCH(function, family, default_configuration, aliases, sentence) \
  std::span<const Arch> function();
#include UFFDSIM_ARCH_DEF
#undef ARCH

namespace {

constexpr ArchFamily kFamilies[] = {
#define ARCH(function, family, default_configuration, aliases, sentence) \
  {function, family, default_configuration, aliases, sentence},
#include UFFDSIM_ARCH_DEF
#undef ARCH
};

std::vector<std::string> Parts(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The first part stays in front, the options behind it may come in any order.
std::vector<std::string> Normal(std::string_view name) {
  std::vector<std::string> parts = Parts(name, '-');
  std::sort(parts.begin() + 1, parts.end());
  return parts;
}

const Arch* FindExact(std::string_view name) {
  for (const Arch* arch : AllArchs()) {
    if (arch->name() == name) return arch;
  }
  return nullptr;
}

}  // namespace

std::span<const ArchFamily> ArchFamilies() { return kFamilies; }

std::span<const Arch* const> AllArchs() {
  static const std::vector<const Arch*> all = [] {
    std::vector<const Arch*> archs;
    for (const ArchFamily& family : kFamilies) {
      for (const Arch& arch : family.configurations()) archs.push_back(&arch);
    }
    return archs;
  }();
  return all;
}

const Arch* FindKernelArch(std::string_view machine, std::uint64_t page_size, bool uffd) {
  const Arch* best = nullptr;
  int best_score = 0;
  for (const ArchFamily& family : kFamilies) {
    for (const Arch& arch : family.configurations()) {
      if (arch.kernel_name() != machine || page_size >> arch.geometry().page_shift != 1) continue;
      const int score = 1 + (arch.SupportsUffd() == uffd ? 2 : 0) +
                        (arch.name() == family.default_configuration ? 1 : 0);
      if (score <= best_score) continue;
      best = &arch;
      best_score = score;
    }
  }
  return best;
}

const Arch* FindArch(std::string_view name) {
  if (const Arch* arch = FindExact(name)) return arch;
  for (const ArchFamily& family : kFamilies) {
    bool known = name == family.name;
    for (const std::string& alias : Parts(family.aliases, ' ')) known = known || name == alias;
    if (known) return FindExact(family.default_configuration);
  }
  const std::vector<std::string> wanted = Normal(name);
  for (const Arch* arch : AllArchs()) {
    if (Normal(arch->name()) == wanted) return arch;
  }
  return nullptr;
}

}  // namespace uffdsim

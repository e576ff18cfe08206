#include "sim/cli/arch_argument.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "model/arch/catalogue.h"
#include "model/arch/variant.h"
#include "model/base/near_match.h"

namespace uffdsim {
namespace {

absl::StatusOr<Arch> Derived(const Arch& arch, const std::string& what_if) {
  if (what_if.empty()) return arch;
  const absl::StatusOr<WhatIfUffd> bits = ParseWhatIf(what_if);
  if (!bits.ok()) return bits.status();
  return WithUffdBit(arch, *bits);
}

}  // namespace

absl::StatusOr<Arch> ArchNamed(const std::string& name, const std::string& what_if) {
  if (const Arch* arch = FindArch(name)) return Derived(*arch, what_if);
  std::vector<std::string_view> known;
  for (const ArchFamily& family : ArchFamilies()) known.push_back(family.name);
  for (const Arch* configuration : AllArchs()) known.push_back(configuration->name());
  return absl::InvalidArgumentError(
      absl::StrCat("unknown architecture '", name, "'", DidYouMean(name, known)));
}

absl::StatusOr<std::vector<Arch>> ArchsNamed(const std::string& name, const std::string& what_if) {
  std::vector<Arch> archs;
  if (name != "all") {
    absl::StatusOr<Arch> arch = ArchNamed(name, what_if);
    if (!arch.ok()) return arch.status();
    archs.push_back(*std::move(arch));
    return archs;
  }
  for (const Arch* configuration : AllArchs()) {
    absl::StatusOr<Arch> arch = Derived(*configuration, what_if);
    if (!arch.ok()) return arch.status();
    archs.push_back(*std::move(arch));
  }
  return archs;
}

}  // namespace uffdsim

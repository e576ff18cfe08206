// Constants and abbreviations of expressions.

#include "model/arch/eval_names.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace uffdsim::eval_internal {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

using Result = absl::StatusOr<Value>;

Value Number(std::uint64_t n) { return {ValueKind::kNumber, n}; }

// The recorded kernel values are written with these. M... are the PMD twins.
constexpr Abbreviation kAbbreviations[] = {
    {"RW", "", "", "pte_mkwrite(mkdirty(mkyoung(pfn_pte(PFN, PRW))))",
     "private page, writable, dirty, young"},
    {"MRW", "", "", "pmd_mkwrite(mkdirty(mkyoung(mkhuge(pfn_pmd(HPFN, PRW)))))",
     "the PMD twin of RW"},
    {"RWP", "p", "", "modify(mkuffd(modify(p, NONE)), NONE)", "apply RWP as the kernel does"},
    {"WP", "p", "", "mkuffd(modify(p, PRW))", "apply WP to a private read-write page"},
    {"MRWP", "p", "", "pmd_modify(pmd_mkuffd(pmd_modify(p, NONE)), NONE)", "the PMD twin of RWP"},
    {"MWP", "p", "", "pmd_mkuffd(pmd_modify(p, PRW))", "the PMD twin of WP"},
    {"SW", "", "", "swp_entry_to_pte(swp_entry(TYPE, OFFSET))", "a swap entry"},
    {"MIG", "t,ad", "", "softleaf_to_pte(swp_entry(t, PFN | ad))",
     "a softleaf PTE of type t for PFN with young / dirty bits ad"},
    {"MMIG", "t,ad", "", "softleaf_to_pmd(swp_entry(t, HPFN | ad))", "the PMD twin of MIG"},
    {"MINV", "", "", "pmd_mkinvalid(MRW)", "MRW while it is invalidated"},
    {"HUGE_RW", "", "", "mkhuge(mkwrite(mkdirty(mkyoung(pfn_pte(HPFN, SRW)))))",
     "a hugetlb entry as pte helpers see it"},
    {"HWD", "", "arm64", "__pte(P(mkyoung(pfn_pte(PFN, SRW))) & ~PTE_RDONLY)",
     "dirty by the hardware only"},
    {"HCONT", "", "arm64",
     "arch_make_huge_pte(mkwrite(mkdirty(mkyoung(pfn_pte(CPFN, SRW)))), CONTPTE)",
     "contiguous-PTE hugetlb"},
    {"HPMD", "", "arm64", "arch_make_huge_pte(mkwrite(mkdirty(mkyoung(pfn_pte(HPFN, SRW)))), PMD)",
     "PMD hugetlb"},
    {"NAP", "", "riscv64", "mknapot(mkwrite(mkdirty(mkyoung(pfn_pte(CPFN, PRW)))))",
     "one entry of a 64 KiB NAPOT page"},
    {"XO", "", "riscv64", "mkyoung(pfn_pte(PFN, PAGE_EXEC))", "an execute-only page"},
    {"SHSTK_PTE", "", "x86_64", "mkwrite_shstk(mkdirty(mkyoung(pfn_pte(PFN, RO))))",
     "a shadow-stack page"},
};

Result Typed(const Arch& arch, std::uint8_t type, std::string_view what) {
  if (type == kNoSwpType) {
    return absl::InvalidArgumentError(
        absl::StrCat(Absl(arch.name()), " has no swap type for ", Absl(what)));
  }
  return Number(type);
}

// {private,shared}_[r][w][x], or nothing.
std::optional<Value> ProtectionByName(const Arch& arch, std::string_view name) {
  bool shared = false;
  if (name.starts_with("shared_")) {
    shared = true;
    name.remove_prefix(7);
  } else if (name.starts_with("private_")) {
    name.remove_prefix(8);
  } else {
    return std::nullopt;
  }
  bool rwx[3] = {};
  if (name != "none") {
    for (const char c : name) {
      const std::size_t i = std::string_view("rwx").find(c);
      if (i == std::string_view::npos || rwx[i]) return std::nullopt;
      rwx[i] = true;
    }
    if (name.empty()) return std::nullopt;
  }
  return Value{ValueKind::kPgprot, arch.ProtectionMap(rwx[0], rwx[1], rwx[2], shared)};
}

// Names that mean the same on every architecture.
std::optional<Value> PortableConstant(const Arch& arch, std::string_view name) {
  const auto prot = [&arch](bool write, bool shared) {
    return Value{ValueKind::kPgprot, arch.ProtectionMap(true, write, false, shared)};
  };
  if (name == "NONE" || name == "none") return Value{ValueKind::kPgprot, arch.PageNone()};
  if (name == "RO" || name == "readonly") return prot(false, false);
  if (name == "PRW") return prot(true, false);
  if (name == "SRW") return prot(true, true);
  if (name == "MAX_SWAPFILES") return Number(arch.swp_types().max_swapfiles);
  if (name == "SWP_PFN_BITS") return Number(arch.SwpPfnBits());
  if (name == "SWP_MIG_TOTAL_BITS") return Number(arch.SwpPfnBits() + 2U);
  if (name == "SWP_MIG_YOUNG") return Number(Bit(arch.SwpPfnBits()));
  if (name == "SWP_MIG_DIRTY") return Number(Bit(arch.SwpPfnBits() + 1U));
  if (name == "PTE_MARKER_UFFD_WP") return Number(kMarkerUffdWp);
  if (name == "PTE_MARKER_POISONED") return Number(kMarkerPoisoned);
  if (name == "PTE_MARKER_GUARD") return Number(kMarkerGuard);
  if (name == "PAGE_SHIFT") return Number(arch.geometry().page_shift);
  if (name == "CONTPTE") return Number(0);
  if (name == "PMD") return Number(1);
  if (name == "CONTPMD") return Number(2);
  if (name == "PUD") return Number(3);
  return ProtectionByName(arch, name);
}

}  // namespace

std::span<const Abbreviation> AllAbbreviations() { return kAbbreviations; }

const Abbreviation* FindAbbreviation(const Arch& arch, std::string_view name) {
  for (const Abbreviation& a : kAbbreviations) {
    if (a.name == name && (a.family.empty() || a.family == arch.family())) return &a;
  }
  return nullptr;
}

std::optional<absl::StatusOr<Value>> FindConstant(const Arch& arch, std::string_view name) {
  for (const Constant& constant : arch.layout().constants) {
    if (!constant.name.empty() && constant.name == name) {
      // PAGE_* (without the leading underscore of masks) are protections.
      const bool prot = name.starts_with("PAGE_") || name.starts_with("SEGMENT_");
      return Value{prot ? ValueKind::kPgprot : ValueKind::kNumber, constant.value};
    }
  }
  const SwpTypes& types = arch.swp_types();
  const struct {
    std::string_view name;
    std::uint8_t type;
  } kTypes[] = {
      {"SWP_HWPOISON", types.hwpoison},
      {"SWP_MIGRATION_READ", types.migration_read},
      {"SWP_MIGRATION_READ_EXCLUSIVE", types.migration_read_exclusive},
      {"SWP_MIGRATION_WRITE", types.migration_write},
      {"SWP_DEVICE_WRITE", types.device_write},
      {"SWP_DEVICE_READ", types.device_read},
      {"SWP_DEVICE_EXCLUSIVE", types.device_exclusive},
      {"SWP_PTE_MARKER", types.marker},
  };
  for (const auto& row : kTypes) {
    if (row.name == name) return Typed(arch, row.type, name);
  }
  if (const std::optional<Value> value = PortableConstant(arch, name)) return Result(*value);
  return std::nullopt;
}

}  // namespace uffdsim::eval_internal

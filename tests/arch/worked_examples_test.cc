// Does every worked example of the layout notes come out, on every configuration that has it?

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/arch/arch.h"
#include "model/arch/eval.h"

namespace uffdsim {
namespace {

struct Example {
  const char* state;
  const char* expression;
};
constexpr Example kExamples[] = {
#define EXAMPLE(state, expression) {state, expression},
#include "worked_examples.def"
#undef EXAMPLE
};

std::uint64_t Word64(const Arch& arch, const std::string& expression) {
  const absl::StatusOr<Value> value = Evaluate(arch, expression);
  EXPECT_TRUE(value.ok()) << expression << ": " << value.status();
  return value.ok() ? value->bits : ~std::uint64_t{0};
}

TEST(WorkedExamples, EveryRowOfEveryTable) {
  std::ifstream in(std::string(UFFDSIM_SOURCE_DIR) + "/tests/arch/golden/worked-examples.json");
  const nlohmann::json tables = nlohmann::json::parse(in);
  std::map<std::string, std::string> expressions;
  for (const Example& example : kExamples) expressions[example.state] = example.expression;
  int compared = 0;
  for (const auto& [configuration, rows] : tables.items()) {
    const Arch* arch = FindArch(configuration);
    ASSERT_NE(arch, nullptr) << configuration;
    for (const auto& [state, value] : rows.items()) {
      ASSERT_TRUE(expressions.count(state)) << state;
      EXPECT_EQ(Word64(*arch, expressions[state]),
                std::stoull(value.get<std::string>(), nullptr, 16))
          << configuration << ": " << state;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 703);
}

struct Extra {
  const char* arch;
  const char* expression;
  std::uint64_t word;
};

// What the notes say beside the tables: protection maps, masks, generic entries, special leaves.
constexpr Extra kExtras[] = {
    {"x86_64", "_PAGE_CHG_MASK", 0x040ffffffffffef8},
    {"x86_64", "SHSTK_PTE", 0x8400000012345865},
    {"x86_64", "modify(SHSTK_PTE, NONE)", 0x040fffffedcba960},
    {"x86_64", "write(modify(SHSTK_PTE, NONE))", 1},
    {"x86_64", "huge_make(PMD, HPFN, SRW)", 0x80000000122000a7},
    {"x86_64", "RWP(mkwrite(mkdirty(mkyoung(huge_make(PMD, HPFN, SRW)))))", 0x040fffffeddffda0},
    {"x86_64", "pmd_pfn(MRWP(MRW))", 0x12200},
    {"x86_64", "pte_pfn(__pte(0x040fffffedc00da0))", 0x123ff},
    {"x86_64", "pte_pfn(__pte(0x040fffffeddffda0))", 0x12200},
    {"x86_64", "pmd_pfn(__pmd(0x040fffffeddffda0))", 0x12200},
    {"x86_64", "private_rwx", 0x25},
    {"x86_64", "shared_wx", 0x27},
    {"x86_64", "swp_entry(2, 0x1234)", 0x0800000000001234},
    {"x86_64", "swp_entry(SWP_MIGRATION_WRITE, PFN)", 0x6c00000000012345},
    {"x86_64", "swp_entry(SWP_MIGRATION_READ_EXCLUSIVE, PFN | SWP_MIG_YOUNG | SWP_MIG_DIRTY)",
     0x6800000c00012345},
    {"x86_64", "swp_entry(SWP_PTE_MARKER, PTE_MARKER_UFFD_WP)", 0x7c00000000000001},
    {"arm64", "HWD", 0x0068000012345f43},
    {"arm64", "RWP(HWD)", 0x04e0000012345f82},
    {"arm64", "mkcont(RW)", 0x00f8000012345f43},
    {"arm64", "HCONT", 0x00f8000012340f43},
    {"arm64", "RWP(HCONT)", 0x04f0000012340f82},
    {"arm64", "HPMD", 0x00e8000012200f41},
    {"arm64", "RWP(HPMD)", 0x04e0000012200f80},
    {"arm64", "mkyoung(pfn_pte(PFN, __pgprot(RO | 4)))", 0x0060000012345fc7},
    {"arm64", "RWP(mkyoung(pfn_pte(PFN, __pgprot(RO | 4))))", 0x0460000012345f82},
    {"arm64", "pmd_mkinvalid(MRWP(MRW)) == MRWP(MRW)", 1},
    {"arm64-4k-lpa2", "pfn_pte(PFN, RO)", 0x0060000012345cc3},
    {"arm64-4k-lpa2", "SWP_PFN_BITS", 40},
    // The macro for the low address bits reaches up to bit 49, so bit 48 appears twice.
    {"arm64-64k", "pfn_pte(0x123456789, RO)", 0x0061234567891fc3},
    {"arm64-64k", "pfn(pfn_pte(0x123456789, RO))", 0x123456789},
    {"riscv64", "NAP", 0x88000000048d20d7},
    {"riscv64", "RWP(NAP)", 0x98000000048d20e2},
    {"riscv64", "pfn(NAP)", 0x12340},
    {"riscv64", "mkwrite_shstk(mkdirty(mkyoung(pfn_pte(PFN, PAGE_SHADOWSTACK))))",
     0x08000000048d14d5},
    {"riscv64", "XO", 0x00000000048d1459},
    {"riscv64", "mkuffd(XO)", 0x10000000048d145b},
    {"riscv64", "private_w", 0x55},
    {"riscv64", "_PAGE_CHG_MASK", 0x9fffffffffffffc0},
    {"powerpc64", "modify_prot_window(RW)", 0x6000000123450386},
    {"powerpc64", "present(modify_prot_window(modify(RW, NONE)))", 1},
    {"powerpc64", "protnone(modify_prot_window(modify(RW, NONE)))", 0},
    {"ppc64-64k-hash", "private_x", 0x8000000000000105},
    {"powerpc64", "private_x", 0x8000000000000101},
    {"s390x", "HUGE_RW", 0x000000001230093f},
    {"s390x", "__pte_to_rste(HUGE_RW)", 0x000000001230f103},
    {"s390x", "huge_store(PMD, HUGE_RW)", 0x000000001230f503},
    {"s390x", "__pte_to_rste(modify(HUGE_RW, NONE))", 0x0000000012303223},
    {"s390x", "__pte_to_rste(MIG(SWP_MIGRATION_WRITE, 0))", 0x00000000123456f0},
    {"s390x", "huge_store(PUD, MIG(SWP_MIGRATION_WRITE, 0))", 0x00000000123456f4},
    {"s390x", "__pte_to_rste(make_pte_marker(PTE_MARKER_POISONED))", 0x00000000000027f0},
    {"s390x", "huge_store(PUD, mkwrite(mkdirty(mkyoung(huge_make(PUD, 0x80000, SRW)))))",
     0x000000008000f507},
    {"s390x", "huge_store(PUD, __pte(_PAGE_INVALID))", 0x24},
    {"s390x", "huge_load(PMD, huge_store(PMD, HUGE_RW))", 0x000000001230093f},
    {"s390x", "shared_wx", 0x631},
    {"loongarch64", "private_none", 0x600000000000041c},
    {"loongarch64", "NONE", 0x200000000000041c},
    {"loongarch64", "shared_rwx", 0x000000000000019d},
    {"loongarch64-4k", "_PAGE_CHG_MASK", 0x0000fffffffffa3c},
};

TEST(WorkedExamples, TheExtras) {
  for (const Extra& extra : kExtras) {
    const Arch* arch = FindArch(extra.arch);
    ASSERT_NE(arch, nullptr) << extra.arch;
    EXPECT_EQ(Word64(*arch, extra.expression), extra.word)
        << extra.arch << ": " << extra.expression << std::hex << " got 0x"
        << Word64(*arch, extra.expression);
  }
}

}  // namespace
}  // namespace uffdsim

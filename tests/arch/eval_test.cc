// Does the expression language say what C would, and does it say where it went wrong?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/arch/arch.h"
#include "model/arch/eval.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

Value Get(std::string_view arch, std::string_view expression, const EvalInputs& inputs = {}) {
  const absl::StatusOr<Value> value = Evaluate(*FindArch(arch), expression, inputs);
  EXPECT_TRUE(value.ok()) << expression << ": " << value.status();
  return value.ok() ? *value : Value{ValueKind::kNumber, 0xbad};
}
std::uint64_t Bits64(std::string_view arch, std::string_view expression) {
  return Get(arch, expression).bits;
}
std::string Error(std::string_view arch, std::string_view expression) {
  const absl::StatusOr<Value> value = Evaluate(*FindArch(arch), expression);
  return value.ok() ? "no error"
                    : std::string(value.status().message().data(), value.status().message().size());
}

TEST(Eval, TheExampleOfTheManual) {
  EXPECT_EQ(Bits64("arm64-16k", "mkuffd(modify(mkdirty(mkyoung(make(0x12345, shared_rw))), none))"),
            0x04e0000048d14f82U);
}

TEST(Eval, OperatorsAreC) {
  EXPECT_EQ(Bits64("x86_64", "1 | 2 << 3 + 1"), 33U);
  EXPECT_EQ(Bits64("x86_64", "~0 & 0xff ^ 0x0f"), 0xf0U);
  EXPECT_EQ(Bits64("x86_64", "1 ? 2 : 3"), 2U);
  EXPECT_EQ(Bits64("x86_64", "0 ? : 5"), 5U);
  EXPECT_EQ(Bits64("x86_64", "4 ?: 5"), 4U);
  EXPECT_EQ(Bits64("x86_64", "(7 - 2) * 3 % 4"), 3U);
  EXPECT_EQ(Bits64("x86_64", "0x80000UL >> 19 == 1"), 1U);
  EXPECT_EQ(Bits64("x86_64", "!0 && 2 >= 2 || 0"), 1U);
  EXPECT_EQ(Bits64("x86_64", "-1"), ~std::uint64_t{0});
  EXPECT_EQ(Bits64("x86_64", "1 << 64"), 0U);
}

TEST(Eval, TheFormFollowsTheArgument) {
  EXPECT_EQ(Get("x86_64", "modify(MRW, NONE)").kind, ValueKind::kPmd);
  EXPECT_EQ(Get("x86_64", "modify(RW, NONE)").kind, ValueKind::kPte);
  EXPECT_EQ(Get("x86_64", "pmd: make(HPFN, PRW)").bits, 0x80000000122000a5U);
  EXPECT_EQ(Get("x86_64", "make(HPFN, PRW)").bits, 0x8000000012200025U);
  // The wrong accessor goes wrong as it does in the kernel: another inversion mask.
  EXPECT_NE(Bits64("x86_64", "pte_modify(MRW, NONE)"), Bits64("x86_64", "pmd_modify(MRW, NONE)"));
  EXPECT_EQ(Bits64("x86_64", "huge_pte_mkuffd(RW)"), Bits64("x86_64", "pte_mkuffd(RW)"));
}

TEST(Eval, InputsCanBeRebound) {
  EXPECT_EQ(Bits64("x86_64", "PFN = 0x777; pfn(RWP(RW))"), 0x777U);
  EXPECT_EQ(Bits64("x86_64", "PFN = 0x777; pmd_pfn(MRW)"), 0x600U);
  EXPECT_EQ(Bits64("x86_64", "a = 3; b = a << 4; a | b"), 0x33U);
  EXPECT_EQ(Get("arm64", "SW", {.pfn = 1, .type = 3, .offset = 0x99}).bits, 0x990c0U);
  EXPECT_EQ(Get("arm64", "pfn(RW)", {.pfn = 0xabcde}).bits, 0xabcdeU);
}

TEST(Eval, MigrationAndMarkersDecode) {
  for (const Arch* arch : AllArchs()) {
    EXPECT_EQ(Bits64(arch->name(), "swp_type(MIG(SWP_MIGRATION_WRITE, SWP_MIG_YOUNG))"),
              arch->swp_types().migration_write);
    EXPECT_EQ(Bits64(arch->name(), "swp_offset(make_pte_marker(PTE_MARKER_GUARD))"), 4U);
    EXPECT_EQ(Bits64(arch->name(), "swp_type(SW) == TYPE && swp_offset(SW) == OFFSET"), 1U);
  }
}

TEST(Eval, HardwareAnswers) {
  EXPECT_EQ(Bits64("x86_64", "dirty(hw_write(mkyoung(pfn_pte(PFN, SRW))))"), 1U);
  EXPECT_THAT(Error("x86_64", "hw_read(RWP(RW))"), HasSubstr("translation fault"));
  EXPECT_THAT(Error("powerpc64", "hw_read(modify(RW, NONE))"), HasSubstr("permission fault"));
  EXPECT_THAT(Error("riscv64", "hw_read(mkold(RW))"), HasSubstr("must set young"));
}

TEST(Eval, ErrorsNameTheColumn) {
  EXPECT_THAT(Error("x86_64", "mkuffd(RW"), HasSubstr("column 10"));
  EXPECT_THAT(Error("x86_64", "mkuffd(WR)"),
              HasSubstr("column 8: found 'WR)', expected a constant"));
  EXPECT_THAT(Error("x86_64", "frob(1)"), HasSubstr("column 1"));
  EXPECT_THAT(Error("x86_64", "mkuffdd(RW)"), HasSubstr("did you mean mkuffd"));
  EXPECT_THAT(Error("x86_64", "_PAGE_UFD"), HasSubstr("_PAGE_UFFD"));
  EXPECT_THAT(Error("x86_64", "modify(RW)"), HasSubstr("expected 2 arguments, not 1"));
  EXPECT_THAT(Error("x86_64", "RWP(RW, RW)"), HasSubstr("expected 1 arguments, not 2"));
  EXPECT_THAT(Error("x86_64", "0x10000000000000000"), HasSubstr("at most 64 bits"));
  EXPECT_THAT(Error("x86_64", "12ab"), HasSubstr("expected a decimal"));
  EXPECT_THAT(Error("x86_64", ""), HasSubstr("found the end"));
  EXPECT_THAT(Error("x86_64", "RW RW"), HasSubstr("expected an operator"));
  EXPECT_THAT(Error("x86_64", "1 / 0"), HasSubstr("division by zero"));
  EXPECT_THAT(Error("x86_64", "a = 1"), HasSubstr("expected ;"));
  EXPECT_THAT(Error("x86_64", "NAP"), HasSubstr("x86_64-4level"));
  EXPECT_THAT(Error("riscv64", "MIG(SWP_HWPOISON, 0)"), HasSubstr("has no swap type"));
  EXPECT_THAT(Error("x86_64", "huge_make(CONTPTE, 1, RO)"), HasSubstr("no such hugetlb size"));
  EXPECT_THAT(Error("x86_64", "swp_entry(32, 0)"), HasSubstr("out of range"));
  EXPECT_THAT(Error("x86_64", std::string(5000, '(')), HasSubstr("nests too deeply"));
  EXPECT_THAT(Error("x86_64", std::string(5000, '~')), HasSubstr("nests too deeply"));
}

TEST(Eval, PrintsWordAndFields) {
  const absl::StatusOr<std::string> text = PteEval(*FindArch("x86_64"), "RWP(RW)");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text,
            "0x040fffffedcbad20  x86_64-4level pte\n"
            "  kind     protnone\n"
            "  fields   pfn=0x12345 accessed global uffd soft_dirty saved_dirty\n"
            "  state    exec dirty young uffd soft-dirty\n"
            "  letters  ANFMZ\n");
  const absl::StatusOr<std::string> number = PteEval(*FindArch("x86_64"), "MAX_SWAPFILES");
  ASSERT_TRUE(number.ok());
  EXPECT_EQ(*number, "0x0000000000000018  number\n");
  const absl::StatusOr<std::string> json = PteEvalJson(*FindArch("arm64"), "swp_mkuffd(SW)");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json,
            "{\"arch\":\"arm64-4k\",\"form\":\"pte\",\"word\":\"0x0000000001234088\","
            "\"kind\":\"swap\",\"fields\":{\"type\":\"0x2\",\"offset\":\"0x1234\","
            "\"uffd\":\"0x1\"},\"state\":[],\"letters\":\"swap:F\"}");
}

TEST(Eval, EveryNameHasASentence) {
  EXPECT_GT(EvalFunctionNames().size(), 70U);
  for (const EvalName& name : EvalFunctionNames()) EXPECT_FALSE(name.sentence.empty());
  for (const EvalName& name : EvalAbbreviations()) EXPECT_FALSE(name.sentence.empty());
}

}  // namespace
}  // namespace uffdsim

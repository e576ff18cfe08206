// Do all configurations obey the laws over all words they can reach, except where 7.3.4 itself does
// not, and is a hypothetical mark's bit really free?

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/arch/algebra.h"
#include "model/arch/arch.h"
#include "model/arch/variant.h"

namespace uffdsim {
namespace {

std::set<std::string> Broken(const AlgebraReport& report) {
  std::set<std::string> laws;
  for (const LawResult& law : report.laws) {
    if (law.failed != 0) laws.insert(std::string(law.law));
  }
  return laws;
}

class Algebra : public testing::TestWithParam<const Arch*> {};

TEST_P(Algebra, OnlyTheKnownFindings) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const AlgebraReport report = CheckAlgebra(*GetParam(), {.seed = seed, .random_frames = 4});
    EXPECT_TRUE(report.Clean()) << "seed " << seed << "\n" << AlgebraText(report);
  }
}

// Every law that can apply has asked about words; a law that asks nothing proves nothing.
TEST_P(Algebra, TheLawsAreNotVacuous) {
  const Arch& arch = *GetParam();
  const AlgebraReport report = CheckAlgebra(arch);
  EXPECT_GT(report.reachable[0], 500U);
  const std::set<std::string> marked = {"mkuffd",         "mark-kept",      "mark-commutes",
                                        "rwp-idempotent", "rwp-round-trip", "marked-not-writable",
                                        "mark-bit-free"};
  for (const LawResult& law : report.laws) {
    const std::string name(law.law);
    if (marked.count(name) != 0 && !arch.SupportsUffd()) {
      EXPECT_EQ(law.checked, 0U) << name;
    } else if (name == "soft-dirty" && !arch.SupportsSoftDirty()) {
      EXPECT_EQ(law.checked, 0U) << name;
    } else if (name.starts_with("pmd-") && !arch.SupportsThp()) {
      EXPECT_EQ(law.checked, 0U) << name;
    } else {
      EXPECT_GT(law.checked, 0U) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Algebra, testing::ValuesIn(AllArchs().begin(), AllArchs().end()),
                         [](const auto& row) {
                           std::string name(row.param->name());
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST(AlgebraFindings, AreExactlyThese) {
  const auto broken = [](std::string_view name) { return Broken(CheckAlgebra(*FindArch(name))); };
  using Laws = std::set<std::string>;
  EXPECT_EQ(broken("x86_64"), (Laws{"protnone-not-writable", "swap-not-none"}));
  EXPECT_EQ(broken("arm64"), (Laws{"pmd-invalid-not-protnone", "swap-not-none"}));
  EXPECT_EQ(broken("riscv64"),
            (Laws{"protection-map", "swap-not-none", "swap-not-present", "one-kind"}));
  EXPECT_EQ(broken("riscv64-noext"), (Laws{"protection-map", "swap-not-none"}));
  EXPECT_EQ(broken("powerpc64"), (Laws{"protnone-keeps-young"}));
  EXPECT_EQ(broken("s390x"), (Laws{"pmd-invalid-not-protnone", "hugetlb-swap"}));
  EXPECT_EQ(broken("loongarch64"), (Laws{"protnone-keeps-young", "swap-not-none"}));
  EXPECT_EQ(broken("loongarch64-4k"),
            (Laws{"protnone-keeps-young", "swap-not-none", "swap-not-present", "one-kind"}));
}

TEST(AlgebraFindings, TheCollisionsAreTheOnesThatWereReported) {
  const Arch& riscv = *FindArch("riscv64");
  const SwpEntry entry = {riscv.swp_types().migration_read, 0x12200};
  const Word plain = riscv.SwpEncode(Form::kPmd, entry);
  EXPECT_FALSE(riscv.Present(Form::kPmd, plain));
  EXPECT_TRUE(riscv.Present(Form::kPmd, riscv.SwpMkSoftDirty(Form::kPmd, plain)));
  EXPECT_TRUE(riscv.Leaf(riscv.SwpMkSoftDirty(Form::kPmd, plain)));
  const Arch& loong = *FindArch("loongarch64-4k");
  const Word young = loong.SwpEncode(
      Form::kPmd, {loong.swp_types().migration_read, 0x12200 | Bit(loong.SwpPfnBits())});
  EXPECT_TRUE(loong.Present(Form::kPmd, young));
  EXPECT_TRUE(loong.Leaf(young));
}

TEST(AlgebraVariants, WithoutCollisionTheLawsHold) {
  for (const char* name : {"riscv64", "loongarch64-4k"}) {
    const AlgebraReport report = CheckAlgebra(WithoutCollisions(*FindArch(name)));
    EXPECT_TRUE(report.Clean()) << AlgebraText(report);
    EXPECT_EQ(Broken(report).count("swap-not-present"), 0U) << name;
    EXPECT_EQ(Broken(report).count("one-kind"), 0U) << name;
    EXPECT_NE(report.arch, name);
  }
  EXPECT_EQ(WithoutCollisions(*FindArch("x86_64")).name(), "x86_64-4level");
}

AlgebraReport WhatIf(std::string_view arch, std::string_view text) {
  const absl::StatusOr<WhatIfUffd> what_if = ParseWhatIf(text);
  EXPECT_TRUE(what_if.ok()) << what_if.status();
  const absl::StatusOr<Arch> derived = WithUffdBit(*FindArch(arch), *what_if);
  EXPECT_TRUE(derived.ok()) << derived.status();
  EXPECT_TRUE(derived->SupportsUffd());
  return CheckAlgebra(*derived);
}

TEST(AlgebraWhatIf, FreeBitsAreFree) {
  for (const auto& [arch, bit] : {std::pair("ppc64-64k-radix", "11"),
                                  {"ppc64-4k-hash", "11"},
                                  {"riscv64-noext", "9"},
                                  {"loongarch64", "58"},
                                  {"loongarch64-4k", "58"}}) {
    const AlgebraReport report = WhatIf(arch, bit);
    EXPECT_TRUE(report.Clean()) << AlgebraText(report);
  }
}

TEST(AlgebraWhatIf, TakenBitsAreReported) {
  const std::set<std::string> special = Broken(WhatIf("powerpc64", "uffd-bit=10"));
  EXPECT_EQ(special.count("mark-bit-free"), 1U);
  EXPECT_EQ(special.count("no-alias"), 1U);
  EXPECT_EQ(special.count("mark-kept"), 1U);
  EXPECT_EQ(Broken(WhatIf("powerpc64", "uffd-bit=20")).count("mark-bit-free"), 1U);
  EXPECT_EQ(Broken(WhatIf("powerpc64", "uffd-bit=11,swp-bit=5")).count("swap-flags"), 1U);
  // The one software bit of s390x that looks unused is a KVM hint, and hugetlb drops it.
  const std::set<std::string> s390 = Broken(WhatIf("s390x", "uffd-bit=7,pmd-bit=11"));
  EXPECT_EQ(s390.count("mark-bit-free"), 1U);
  EXPECT_EQ(s390.count("hugetlb-present"), 1U);
}

TEST(AlgebraWhatIf, EverySpareBitIsFree) {
  for (const char* name : {"powerpc64", "loongarch64", "riscv64-noext"}) {
    const Arch& arch = *FindArch(name);
    const std::vector<unsigned> spare = SpareBits(arch, Form::kPte);
    EXPECT_FALSE(spare.empty());
    for (const unsigned bit : spare) {
      const absl::StatusOr<Arch> derived = WithUffdBit(arch, {.pte_bit = bit});
      ASSERT_TRUE(derived.ok());
      const AlgebraReport report = CheckAlgebra(*derived);
      const std::vector<unsigned> pmd = SpareBits(arch, Form::kPmd);
      const bool in_both = std::find(pmd.begin(), pmd.end(), bit) != pmd.end();
      EXPECT_EQ(report.Clean(), in_both) << AlgebraText(report);
    }
  }
}

TEST(AlgebraWhatIf, BadTextIsRefused) {
  for (const char* text : {"", "uffd-bit=64", "uffd-bit=", "bit=3", "pmd-bit=3", "x", "-1"}) {
    EXPECT_FALSE(ParseWhatIf(text).ok()) << text;
  }
}

TEST(AlgebraReportText, SaysWhatBrokeAndWhy) {
  const std::string text = AlgebraText(CheckAlgebra(*FindArch("riscv64")));
  EXPECT_NE(text.find("swap-not-present"), std::string::npos);
  EXPECT_NE(text.find("EXEC"), std::string::npos);
  EXPECT_NE(text.find("4 known findings, 0 new"), std::string::npos);
  EXPECT_EQ(text, AlgebraText(CheckAlgebra(*FindArch("riscv64"))));
}

}  // namespace
}  // namespace uffdsim

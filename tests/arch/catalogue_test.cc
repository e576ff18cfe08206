// Is the catalogue complete and consistent: names, aliases, geometry, and what each configuration
// offers to userfaultfd as a consequence of its bits?

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/arch/arch.h"
#include "model/arch/catalogue.h"

namespace uffdsim {
namespace {

TEST(Catalogue, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  for (const Arch* arch : AllArchs()) {
    EXPECT_TRUE(names.insert(std::string(arch->name())).second) << arch->name();
    EXPECT_EQ(FindArch(arch->name()), arch);
    EXPECT_FALSE(arch->sentence().empty());
    EXPECT_FALSE(arch->kernel_name().empty());
  }
  EXPECT_EQ(names.size(), 33U);
  EXPECT_EQ(FindArch("vax"), nullptr);
  EXPECT_EQ(FindArch(""), nullptr);
}

TEST(Catalogue, ShortNamesAndOrderOfOptions) {
  const auto name = [](std::string_view alias) { return FindArch(alias)->name(); };
  EXPECT_EQ(name("x86_64"), "x86_64-4level");
  EXPECT_EQ(name("amd64"), "x86_64-4level");
  EXPECT_EQ(name("arm64"), "arm64-4k");
  EXPECT_EQ(name("aarch64"), "arm64-4k");
  EXPECT_EQ(name("riscv64"), "riscv64-svrsw");
  EXPECT_EQ(name("powerpc64"), "ppc64-64k-radix");
  EXPECT_EQ(name("s390x"), "s390x");
  EXPECT_EQ(name("loongarch64"), "loongarch64-16k");
  EXPECT_EQ(name("riscv64-sv39-noext"), "riscv64-noext-sv39");
  EXPECT_EQ(name("arm64-nohafdbs-64k"), "arm64-64k-nohafdbs");
  for (const ArchFamily& family : ArchFamilies()) {
    EXPECT_FALSE(family.sentence.empty());
    ASSERT_NE(FindArch(family.default_configuration), nullptr) << family.name;
    EXPECT_EQ(FindArch(family.name)->name(), family.default_configuration);
    for (const Arch& arch : family.configurations()) EXPECT_EQ(arch.family(), family.name);
  }
}

// WP and RWP need a bit; nothing else decides.
TEST(Catalogue, WhoOffersTheMark) {
  for (const Arch* arch : AllArchs()) {
    const std::string_view family = arch->family();
    const bool noext = arch->name().find("noext") != std::string_view::npos;
    const bool marked = family == "x86_64" || family == "arm64" || (family == "riscv64" && !noext);
    EXPECT_EQ(arch->SupportsUffd(), marked) << arch->name();
    EXPECT_EQ(arch->SupportsUffdMinor(), family != "powerpc64" && family != "s390x")
        << arch->name();
    const bool soft_dirty = family == "x86_64" || family == "powerpc64" || family == "s390x" ||
                            (family == "riscv64" && !noext);
    EXPECT_EQ(arch->SupportsSoftDirty(), soft_dirty) << arch->name();
    EXPECT_TRUE(arch->SupportsMigrationAd()) << arch->name();
    EXPECT_EQ(arch->HasHwPoison(), family == "x86_64" || family == "arm64" || family == "powerpc64")
        << arch->name();
  }
}

TEST(Catalogue, PmdLeafSizes) {
  const auto pmd_bytes = [](std::string_view name) {
    const Arch& arch = *FindArch(name);
    return std::uint64_t{arch.geometry().PmdPages()} << arch.geometry().page_shift;
  };
  EXPECT_EQ(pmd_bytes("x86_64"), 2ULL << 20);
  EXPECT_EQ(pmd_bytes("arm64-16k"), 32ULL << 20);
  EXPECT_EQ(pmd_bytes("arm64-64k"), 512ULL << 20);
  EXPECT_EQ(pmd_bytes("ppc64-64k-radix"), 2ULL << 20);
  EXPECT_EQ(pmd_bytes("ppc64-64k-hash"), 16ULL << 20);
  EXPECT_EQ(pmd_bytes("s390x"), 1ULL << 20);
  EXPECT_EQ(pmd_bytes("loongarch64-64k"), 512ULL << 20);
  for (const Arch* arch : AllArchs()) {
    const Geometry& g = arch->geometry();
    EXPECT_GE(g.levels, 3) << arch->name();
    for (int level = 0; level < 5; ++level) {
      EXPECT_EQ(g.bits[level] != 0, level < g.levels) << arch->name();
    }
  }
}

}  // namespace
}  // namespace uffdsim

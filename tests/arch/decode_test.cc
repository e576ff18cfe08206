// Do words read as the kinds and letters that were recorded, and do fields lead back to the word?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/arch/algebra_internal.h"
#include "model/arch/arch.h"
#include "model/arch/decode.h"
#include "model/arch/eval.h"

namespace uffdsim {
namespace {

using testing::HasSubstr;

std::string Letters(std::string_view arch_name, std::string_view expression) {
  const Arch& arch = *FindArch(arch_name);
  const absl::StatusOr<Value> value = Evaluate(arch, expression);
  EXPECT_TRUE(value.ok()) << expression << ": " << value.status();
  if (!value.ok()) return "";
  return EntryLetters(arch, value->kind == ValueKind::kPmd ? Form::kPmd : Form::kPte, value->bits);
}

struct Recorded {
  const char* letters;
  const char* expression;
};

// Entries that recordings of the running kernel contain, and what the model makes of them.
TEST(EntryLetters, X86AsRecorded) {
  const Recorded kRecorded[] = {
      {"0", "__pte(0)"},
      {"PWUADMX", "RW"},
      {"ANFMZ", "RWP(RW)"},
      {"PUAMZX", "wrprotect(RW)"},
      {"PUMZX", "mkold(wrprotect(RW))"},
      {"ANMZ", "modify(RW, NONE)"},
      {"PUAFMZX", "WP(RW)"},
      {"PUAMX", "mksoft_dirty(mkyoung(pfn_pte(PFN, RO)))"},
      {"PUASX", "mkspecial(mkyoung(pfn_pte(0, RO)))"},
      {"ANSF", "RWP(mkspecial(mkyoung(pfn_pte(0, RO))))"},
      {"PWUAX", "mkyoung(pfn_pte(PFN, SRW))"},
      {"PWUMX", "mkold(mksoft_dirty(pfn_pte(PFN, SRW)))"},
      {"PUAFX", "mkuffd(pfn_pte(PFN, RO))"},
      {"NFMZ", "RWP(mkold(RW))"},
      {"ANFM", "RWP(mksoft_dirty(pfn_pte(PFN, RO)))"},
      {"PWUADHMX", "MRW"},
      {"AHNFMZ", "MRWP(MRW)"},
      {"PUAHMZX", "wrprotect(MRW)"},
      {"PWUADHMZX", "hw_write(mkwrite_novma(wrprotect(MRW)))"},
      {"swap:M", "swp_mksoft_dirty(SW)"},
      {"swap:MF", "swp_mkuffd(swp_mksoft_dirty(SW))"},
      {"swap:ME", "swp_mkexclusive(swp_mksoft_dirty(SW))"},
      {"marker1", "make_pte_marker(PTE_MARKER_UFFD_WP)"},
      {"marker2", "make_pte_marker(PTE_MARKER_POISONED)"},
      {"marker4", "make_pte_marker(PTE_MARKER_GUARD)"},
      {"migRX", "MIG(SWP_MIGRATION_READ_EXCLUSIVE, 0)"},
      {"migR", "MMIG(SWP_MIGRATION_READ, 0)"},
      {"migW", "MIG(SWP_MIGRATION_WRITE, SWP_MIG_DIRTY)"},
      {"hwpoison", "MIG(SWP_HWPOISON, 0)"},
  };
  for (const Recorded& r : kRecorded) EXPECT_EQ(Letters("x86_64", r.expression), r.letters);
}

TEST(EntryLetters, Arm64AsRecorded) {
  const Recorded kRecorded[] = {
      {"0", "__pte(0)"},
      {"PWUADX", "RW"},
      {"NRADFX", "RWP(RW)"},
      {"PRUADX", "wrprotect(RW)"},
      {"PRUASX", "mkspecial(mkyoung(pfn_pte(0, RO)))"},
      {"NRASFX", "RWP(mkspecial(mkyoung(pfn_pte(0, RO))))"},
      {"PWUADHX", "MRW"},
      {"NRADHFX", "MRWP(MRW)"},
      {"NRADX", "modify(RW, NONE)"},
      {"PWUADCX", "mkcont(RW)"},
      {"PRUADFX", "WP(RW)"},
      {"PWRUAX", "mkyoung(pfn_pte(PFN, SRW))"},
      {"PWUAX", "HWD"},
      {"NRFX", "RWP(mkold(pfn_pte(PFN, RO)))"},
      {"swap", "SW"},
      {"swap:F", "swp_mkuffd(SW)"},
      {"swap:E", "swp_mkexclusive(SW)"},
  };
  for (const Recorded& r : kRecorded) EXPECT_EQ(Letters("arm64", r.expression), r.letters);
}

TEST(EntryLetters, RiscvSpellsTheOtherBits) {
  EXPECT_EQ(Letters("riscv64", "RW"), "PRWUADM");
  EXPECT_EQ(Letters("riscv64", "RWP(RW)"), "RADNFM");
  EXPECT_EQ(Letters("riscv64", "NAP"), "PRWUADMC");
  EXPECT_EQ(Letters("riscv64-noext", "RWP(RW)"), "RADN");
}

TEST(Classify, FindsEachKind) {
  const struct {
    const char* expression;
    WordKind kind;
  } kKinds[] = {
      {"RW", WordKind::kPresent},
      {"modify(RW, NONE)", WordKind::kProtnone},
      {"SW", WordKind::kSwap},
      {"MIG(SWP_MIGRATION_READ, 0)", WordKind::kMigrationRead},
      {"MIG(SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIG_YOUNG)", WordKind::kMigrationReadExclusive},
      {"MIG(SWP_MIGRATION_WRITE, SWP_MIG_DIRTY)", WordKind::kMigrationWrite},
      {"MIG(SWP_DEVICE_READ, 0)", WordKind::kDeviceRead},
      {"MIG(SWP_DEVICE_WRITE, 0)", WordKind::kDeviceWrite},
      {"MIG(SWP_DEVICE_EXCLUSIVE, 0)", WordKind::kDeviceExclusive},
      {"make_pte_marker(PTE_MARKER_GUARD)", WordKind::kMarker},
  };
  for (const Arch* arch : AllArchs()) {
    EXPECT_EQ(ClassifyWord(*arch, Form::kPte, arch->NoneWord(Form::kPte)), WordKind::kNone);
    EXPECT_EQ(ClassifyWord(*arch, Form::kPmd, arch->NoneWord(Form::kPmd)), WordKind::kNone);
    for (const auto& row : kKinds) {
      const absl::StatusOr<Value> value = Evaluate(*arch, row.expression);
      ASSERT_TRUE(value.ok());
      EXPECT_EQ(ClassifyWord(*arch, Form::kPte, value->bits), row.kind)
          << arch->name() << ": " << row.expression;
    }
  }
}

// "kind name=value ..." as decode prints it.
std::string Spelled(const Arch& arch, Form form, Word word) {
  std::string text(WordKindName(ClassifyWord(arch, form, word)));
  for (const FieldValue& field : FieldsOf(arch, form, word)) {
    text += " " + field.name + "=" + std::to_string(field.value);
  }
  return text;
}

TEST(Encode, LeadsBackToEveryReachableWord) {
  for (const Arch* arch : AllArchs()) {
    for (const Form form : {Form::kPte, Form::kPmd}) {
      if (form == Form::kPmd && !arch->SupportsThp()) continue;
      const algebra_internal::Checker words(*arch, form, {});
      int wrong = 0;
      const auto check = [&](Word w) {
        const std::string text = Spelled(*arch, form, w);
        const absl::StatusOr<Word> back = PteEncode(*arch, form, text);
        if (back.ok() && *back == w) return;
        if (++wrong <= 3) ADD_FAILURE() << arch->name() << " " << std::hex << w << ": " << text;
      };
      for (const auto& present : words.words()) check(present.word);
      for (const auto& leaf : words.softleaves()) check(leaf.word);
      check(arch->NoneWord(form));
      EXPECT_EQ(wrong, 0) << arch->name();
    }
  }
}

TEST(Encode, TakesWhatPeopleWrite) {
  const Arch& x86 = *FindArch("x86_64");
  const absl::StatusOr<Word> present =
      PteEncode(x86, Form::kPte, "present pfn=0x12345, present rw user accessed dirty nx");
  ASSERT_TRUE(present.ok()) << present.status();
  EXPECT_EQ(*present, 0x8000000012345067U);
  const absl::StatusOr<Word> rwp =
      PteEncode(x86, Form::kPte, "protnone pfn=0x12345 global accessed uffd");
  ASSERT_TRUE(rwp.ok());
  EXPECT_EQ(*rwp, 0x000fffffedcba520U);
  const absl::StatusOr<Word> migration =
      PteEncode(x86, Form::kPte, "migration-write pfn=0x12345 young");
  ASSERT_TRUE(migration.ok());
  EXPECT_EQ(*migration, 0xdffff7fffdb97400U);
  const absl::StatusOr<Word> marker = PteEncode(x86, Form::kPte, "marker guard");
  ASSERT_TRUE(marker.ok());
  EXPECT_EQ(*marker, 0xfffffffffffff600U);
}

TEST(Encode, RefusesWhatDoesNotExist) {
  const Arch& x86 = *FindArch("x86_64");
  const auto message = [](const absl::StatusOr<Word>& word) {
    return word.ok() ? std::string("no error") : std::string(word.status().message());
  };
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "")), HasSubstr("expected a kind"));
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "frob")), HasSubstr("unknown kind"));
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "present frob")), HasSubstr("unknown field"));
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "present rw=2")), HasSubstr("does not fit"));
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "present pfn=zz")), HasSubstr("expected a dec"));
  EXPECT_THAT(message(PteEncode(x86, Form::kPte, "swap rw")), HasSubstr("expected type"));
  EXPECT_THAT(message(PteEncode(*FindArch("riscv64"), Form::kPte, "hwpoison")),
              HasSubstr("unknown kind"));
}

TEST(Diff, NamesTheFieldsThatDiffer) {
  const Arch& x86 = *FindArch("x86_64");
  EXPECT_EQ(PteDiff(x86, Form::kPte, 0x8000000012345867, 0x040fffffedcbad20),
            "- 0x8000000012345867  present  PWUADMX\n"
            "+ 0x040fffffedcbad20  protnone  ANFMZ\n"
            "  present        0x1 -> 0\n"
            "  rw             0x1 -> 0\n"
            "  user           0x1 -> 0\n"
            "  dirty          0x1 -> 0\n"
            "  nx             0x1 -> 0\n"
            "  global         0 -> 0x1\n"
            "  uffd           0 -> 0x1\n"
            "  saved_dirty    0 -> 0x1\n");
}

TEST(Diff, AsJson) {
  const Arch& arm = *FindArch("arm64");
  const std::string json = PteDiffJson(arm, Form::kPte, 0x1234080, 0x1234088);
  EXPECT_THAT(json, HasSubstr("\"changes\":{\"uffd\":[\"0\",\"0x1\"]}"));
  EXPECT_THAT(json, HasSubstr("\"letters\":\"swap:F\""));
}

TEST(Hugetlb, DecodesTheTableFormat) {
  const std::string text = PteDecodeHugetlb(*FindArch("s390x"), HugeSize::kPmd, 0x1230f503);
  EXPECT_THAT(text, HasSubstr("0x000000001230f503  as stored"));
  EXPECT_THAT(text, HasSubstr("0x000000001230093f"));
  EXPECT_THAT(text, HasSubstr("pfn=0x12300"));
  EXPECT_EQ(PteDecodeHugetlb(*FindArch("x86_64"), HugeSize::kPmd, 0x80000000122008e7),
            PteDecode(*FindArch("x86_64"), Form::kPte, 0x80000000122008e7));
  EXPECT_EQ(ParseHugeSize("contpmd"), HugeSize::kContPmd);
  EXPECT_FALSE(ParseHugeSize("giant").has_value());
}

}  // namespace
}  // namespace uffdsim

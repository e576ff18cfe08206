// Does the MMU of each configuration answer accesses as the layout notes say, and what do lockless
// readers and ptep_set_access_flags() see?

#include <gtest/gtest.h>

#include "model/arch/arch.h"

namespace uffdsim {
namespace {

constexpr Form kPte = Form::kPte;

Word SharedPage(const Arch& a, bool young) {
  const Word w = a.Make(kPte, Pfn(0x12345), a.ProtectionMap(true, true, false, true));
  return young ? a.MkYoung(kPte, w) : a.MkOld(kPte, w);
}
HwResult::Kind Outcome(const Arch& a, Word w, Access access) {
  return a.HwAccess(kPte, w, access).kind;
}

struct AdRow {
  const char* arch;
  HwResult::Kind old_read;     // a load from an old page
  HwResult::Kind clean_write;  // a store to a young clean page
};
constexpr AdRow kAdRows[] = {
    {"x86_64", HwResult::kOk, HwResult::kOk},
    {"arm64", HwResult::kOk, HwResult::kOk},
    {"arm64-4k-haf", HwResult::kOk, HwResult::kDirtyFlag},
    {"arm64-4k-nohafdbs", HwResult::kAccessFlag, HwResult::kDirtyFlag},
    {"riscv64", HwResult::kAccessFlag, HwResult::kDirtyFlag},
    {"riscv64-svrsw-svadu", HwResult::kOk, HwResult::kOk},
    {"powerpc64", HwResult::kOk, HwResult::kOk},
    {"ppc64-64k-hash", HwResult::kOk, HwResult::kOk},
    {"s390x", HwResult::kAccessFlag, HwResult::kDirtyFlag},
    {"loongarch64", HwResult::kOk, HwResult::kOk},
    {"loongarch64-16k-ptw", HwResult::kOk, HwResult::kOk},
};

TEST(Hardware, SetsAccessedAndDirtyOrFaults) {
  for (const AdRow& row : kAdRows) {
    const Arch& a = *FindArch(row.arch);
    EXPECT_EQ(Outcome(a, SharedPage(a, false), Access::kRead), row.old_read) << row.arch;
    EXPECT_EQ(Outcome(a, SharedPage(a, true), Access::kWrite), row.clean_write) << row.arch;
    // What a fault asks for makes the access succeed.
    const Word used = a.MkDirty(kPte, a.MkYoung(kPte, SharedPage(a, false)));
    const HwResult again = a.HwAccess(kPte, used, Access::kWrite);
    EXPECT_EQ(again.kind, HwResult::kOk) << row.arch;
    EXPECT_EQ(again.word, used) << row.arch;
  }
}

TEST(Hardware, WalkersDifferInModified) {
  const Arch& software = *FindArch("loongarch64");
  const Arch& walker = *FindArch("loongarch64-16k-ptw");
  const Word page = SharedPage(software, true);
  EXPECT_EQ(software.HwAccess(kPte, page, Access::kWrite).word ^ page, Bit(1) | Bit(9));
  EXPECT_EQ(walker.HwAccess(kPte, page, Access::kWrite).word ^ page, Bit(1));
  EXPECT_TRUE(walker.Dirty(kPte, walker.HwAccess(kPte, page, Access::kWrite).word));
}

TEST(Hardware, ProtnoneAndReadOnlyFault) {
  for (const Arch* a : AllArchs()) {
    const Word none = a->Modify(kPte, SharedPage(*a, true), a->PageNone());
    const bool powerpc = a->family() == "powerpc64";
    EXPECT_EQ(Outcome(*a, none, Access::kRead),
              powerpc ? HwResult::kPermission : HwResult::kTranslation)
        << a->name();
    EXPECT_EQ(a->HwValid(kPte, none), powerpc) << a->name();
    const Word ro =
        a->MkYoung(kPte, a->Make(kPte, Pfn(1), a->ProtectionMap(true, false, false, false)));
    EXPECT_EQ(Outcome(*a, ro, Access::kRead), HwResult::kOk) << a->name();
    EXPECT_EQ(Outcome(*a, ro, Access::kWrite), HwResult::kPermission) << a->name();
    EXPECT_EQ(Outcome(*a, ro, Access::kExec), HwResult::kPermission) << a->name();
    EXPECT_EQ(Outcome(*a, a->NoneWord(kPte), Access::kRead), HwResult::kTranslation) << a->name();
  }
}

TEST(Transactions, ALocklessReaderSees) {
  for (const Arch* a : AllArchs()) {
    const Word page = a->MkDirty(kPte, SharedPage(*a, true));
    const Word seen = a->ModifyProtWindow(kPte, page);
    const bool stays = a->family() == "powerpc64" || a->family() == "s390x";
    EXPECT_EQ(a->None(kPte, seen), !stays) << a->name();
    EXPECT_EQ(a->Present(kPte, seen), stays) << a->name();
    EXPECT_FALSE(a->HwValid(kPte, seen)) << a->name();
    const Word none = a->ModifyProtWindow(kPte, a->Modify(kPte, page, a->PageNone()));
    EXPECT_EQ(a->Protnone(kPte, none), a->family() == "s390x") << a->name();
  }
}

TEST(AccessFlags, X86StoresOnlyAfterAWrite) {
  const Arch& a = *FindArch("x86_64");
  const Word old_word = SharedPage(a, false);
  const Word wanted = a.MkYoung(kPte, old_word);
  EXPECT_EQ(a.SetAccessFlags(kPte, old_word, wanted, Access::kRead), old_word);
  EXPECT_EQ(a.SetAccessFlags(kPte, old_word, wanted, Access::kWrite), wanted);
}

TEST(AccessFlags, Arm64CanOnlyRelax) {
  const Arch& a = *FindArch("arm64");
  const Word rwp = a.MkUffd(kPte, a.Modify(kPte, SharedPage(a, false), a.PageNone()));
  const Word wanted = a.MkDirty(kPte, a.MkYoung(kPte, SharedPage(a, true)));
  const Word now = a.SetAccessFlags(kPte, rwp, wanted);
  EXPECT_TRUE(a.Uffd(kPte, now));
  EXPECT_TRUE(a.Protnone(kPte, now));
  EXPECT_TRUE(a.Young(kPte, now));
  EXPECT_TRUE(a.Dirty(kPte, now));
}

TEST(AccessFlags, PowerpcMerges) {
  const Arch& a = *FindArch("powerpc64");
  const Word ro = a.Make(kPte, Pfn(5), a.ProtectionMap(true, false, false, false));
  const Word wanted = a.MkDirty(kPte, a.MkWrite(kPte, a.ClearSoftDirty(kPte, ro)));
  EXPECT_EQ(a.SetAccessFlags(kPte, ro, wanted), ro | wanted);
  EXPECT_TRUE(a.Write(kPte, a.SetAccessFlags(kPte, ro, wanted)));
}

TEST(Batches, FramesAdvanceInBothPolarities) {
  for (const Arch* a : AllArchs()) {
    const Word page = SharedPage(*a, true);
    const Word none = a->Modify(kPte, page, a->PageNone());
    for (const std::uint64_t n : {1U, 7U, 255U}) {
      EXPECT_EQ(a->AdvancePfn(kPte, page, n),
                a->MkYoung(kPte, a->Make(kPte, Pfn(0x12345 + static_cast<std::uint32_t>(n)),
                                         a->ProtectionMap(true, true, false, true))))
          << a->name();
      EXPECT_EQ(a->RawPfn(kPte, a->AdvancePfn(kPte, none, n)), 0x12345 + n) << a->name();
    }
  }
  const Arch& riscv = *FindArch("riscv64");
  const Word napot = riscv.HugetlbMake(HugeSize::kContPte, 0x12340, riscv.PageNone());
  EXPECT_EQ(riscv.AdvancePfn(kPte, napot, 3), napot);
  EXPECT_EQ(riscv.RawPfn(kPte, napot), 0x12340U);
}

}  // namespace
}  // namespace uffdsim

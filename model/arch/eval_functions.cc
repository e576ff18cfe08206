// The functions of expressions: each is one accessor with its arguments taken from a call.
//
// Mirrors: the helper of the same name, with pte_ or pmd_ in front; see the sentences of the table.
// Errors:  FailedPrecondition when the hardware would fault, InvalidArgument for a size or type
// that
//          the configuration does not have. The parser adds the column.

#include "model/arch/eval_names.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace uffdsim::eval_internal {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

using Result = absl::StatusOr<Value>;

Value Number(std::uint64_t n) { return {ValueKind::kNumber, n}; }

// --- entries into entries -----------------------------------------------------------------------

template <Word (Arch::*kRewrite)(Form, Word) const>
Result Rewritten(const Call& c) {
  return c.Entry((c.arch.*kRewrite)(c.form, c.word()));
}
template <Word (Arch::*kRewrite)(Word) const>
Result RewrittenPte(const Call& c) {
  return c.Entry((c.arch.*kRewrite)(c.word()));
}
template <bool (Arch::*kPredicate)(Form, Word) const>
Result Asked(const Call& c) {
  return Number((c.arch.*kPredicate)(c.form, c.word()) ? 1 : 0);
}

Result ModifyFn(const Call& c) { return c.Entry(c.arch.Modify(c.form, c.word(), c.args[1].bits)); }
Result MakeFn(const Call& c) {
  return c.Entry(c.arch.MakeRaw(c.form, c.args[0].bits, c.args[1].bits));
}
Result PfnPteFn(const Call& c) {
  return Value{ValueKind::kPte, c.arch.MakePlain(Form::kPte, c.args[0].bits, c.args[1].bits)};
}
Result PfnPmdFn(const Call& c) {
  return Value{ValueKind::kPmd, c.arch.MakePlain(Form::kPmd, c.args[0].bits, c.args[1].bits)};
}
Result MkHugeFn(const Call& c) {
  return c.Entry(c.form == Form::kPte ? c.arch.MkHuge(c.word()) : c.arch.PmdMkHuge(c.word()));
}
Result MkInvalidFn(const Call& c) { return Value{ValueKind::kPmd, c.arch.MkInvalid(c.word())}; }
Result AdvanceFn(const Call& c) {
  return c.Entry(c.arch.AdvancePfn(c.form, c.word(), c.args[1].bits));
}
Result SetAccessFlagsFn(const Call& c) {
  const bool read = c.args.size() == 3 && c.args[2].bits == 0;
  return c.Entry(c.arch.SetAccessFlags(c.form, c.word(), c.args[1].bits,
                                       read ? Access::kRead : Access::kWrite));
}
Result WindowFn(const Call& c) { return c.Entry(c.arch.ModifyProtWindow(c.form, c.word())); }

// --- answers ------------------------------------------------------------------------------------

Result PfnFn(const Call& c) { return Number(c.arch.RawPfn(c.form, c.word())); }
Result LeafFn(const Call& c) { return Number(c.arch.LeafBit(c.word()) ? 1 : 0); }
Result TransHugeFn(const Call& c) { return Number(c.arch.Leaf(c.word()) ? 1 : 0); }
Result ValFn(const Call& c) { return Number(c.word()); }
Result AsPteFn(const Call& c) { return Value{ValueKind::kPte, c.word()}; }
Result AsPmdFn(const Call& c) { return Value{ValueKind::kPmd, c.word()}; }
Result AsPgprotFn(const Call& c) { return Value{ValueKind::kPgprot, c.word()}; }

std::uint64_t CommonMask(const Arch& arch, Form f, Word w) {
  std::uint64_t mask = 0;
  if (arch.Present(f, w)) mask |= 1;
  if (arch.None(f, w)) mask |= 2;
  if (arch.Protnone(f, w)) mask |= 4;
  if (arch.Write(f, w)) mask |= 8;
  if (arch.Dirty(f, w)) mask |= 16;
  if (arch.Young(f, w)) mask |= 32;
  if (arch.Uffd(f, w)) mask |= 64;
  if (arch.SoftDirty(f, w)) mask |= 128;
  return mask;
}
Result PteMaskFn(const Call& c) {
  return Number(CommonMask(c.arch, Form::kPte, c.word()) |
                (c.arch.RawPfn(Form::kPte, c.word()) << 16));
}
Result PmdMaskFn(const Call& c) {
  std::uint64_t mask = CommonMask(c.arch, Form::kPmd, c.word());
  if (c.arch.Leaf(c.word())) mask |= 256;
  if (c.arch.LeafBit(c.word())) mask |= 512;
  return Number(mask);
}

// --- non-present entries ------------------------------------------------------------------------

SwpEntry FromSoftleaf(std::uint64_t bits) {
  return {static_cast<std::uint8_t>((bits >> 58) & 0x1f), bits & kSwpOffsetMask};
}
std::uint64_t ToSoftleaf(SwpEntry e) { return (std::uint64_t{e.type} << 58) | e.offset; }

Result SwpEntryFn(const Call& c) {
  if (c.args[0].bits > 31) {
    return absl::InvalidArgumentError(
        absl::StrCat("swap type ", c.args[0].bits, " is out of range, expected 0 to 31"));
  }
  return Value{ValueKind::kSoftleaf, (c.args[0].bits << 58) | (c.args[1].bits & kSwpOffsetMask)};
}
Result EncodePteFn(const Call& c) {
  return Value{ValueKind::kPte, c.arch.SwpEncode(Form::kPte, FromSoftleaf(c.word()))};
}
Result EncodePmdFn(const Call& c) {
  return Value{ValueKind::kPmd, c.arch.SwpEncode(Form::kPmd, FromSoftleaf(c.word()))};
}
Result DecodeFn(const Call& c) {
  return Value{ValueKind::kSoftleaf, ToSoftleaf(c.arch.SwpDecode(c.form, c.word()))};
}
Result ArchEntryFn(const Call& c) { return Value{ValueKind::kArchEntry, c.word()}; }
SwpEntry AnyEntry(const Call& c) {
  return c.args[0].kind == ValueKind::kSoftleaf ? FromSoftleaf(c.word())
                                                : c.arch.SwpDecode(c.form, c.word());
}
Result SwpTypeFn(const Call& c) { return Number(AnyEntry(c).type); }
Result SwpOffsetFn(const Call& c) { return Number(AnyEntry(c).offset); }
Result MarkerFn(const Call& c) {
  return Value{ValueKind::kPte,
               c.arch.SwpEncode(Form::kPte, {c.arch.swp_types().marker, c.word() & 7})};
}
Result SwpExclusiveFn(const Call& c) { return Number(c.arch.SwpExclusive(c.word()) ? 1 : 0); }
Result SwpClearFlagsFn(const Call& c) {
  Word w = c.arch.SwpClearUffd(c.form, c.arch.SwpClearSoftDirty(c.form, c.word()));
  if (c.form == Form::kPte) w = c.arch.SwpClearExclusive(w);
  return c.Entry(w);
}

// --- hugetlb and hardware -----------------------------------------------------------------------

Result Size(const Call& c, std::size_t index, HugeSize* size) {
  const std::uint64_t n = c.args[index].bits;
  if (n >= kHugeSizes || c.arch.HugeOrder(static_cast<HugeSize>(n)) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        Absl(c.arch.name()), " has no such hugetlb size, expected CONTPTE, PMD, CONTPMD or PUD"));
  }
  *size = static_cast<HugeSize>(n);
  return Value{};
}
Result HugeMakeFn(const Call& c) {
  HugeSize size{};
  if (Result r = Size(c, 0, &size); !r.ok()) return r;
  return Value{ValueKind::kPte, c.arch.HugetlbMake(size, c.args[1].bits, c.args[2].bits)};
}
Result ArchMakeHugeFn(const Call& c) {
  HugeSize size{};
  if (Result r = Size(c, 1, &size); !r.ok()) return r;
  return Value{ValueKind::kPte, c.arch.layout().huge[static_cast<std::size_t>(size)](c.word())};
}
Result HugeStoreFn(const Call& c) {
  HugeSize size{};
  if (Result r = Size(c, 0, &size); !r.ok()) return r;
  return Number(c.arch.HugetlbStore(size, c.args[1].bits));
}
Result HugeLoadFn(const Call& c) {
  HugeSize size{};
  if (Result r = Size(c, 0, &size); !r.ok()) return r;
  return Value{ValueKind::kPte, c.arch.HugetlbLoad(size, c.args[1].bits)};
}

template <Access kAccess>
Result HwFn(const Call& c) {
  const HwResult hw = c.arch.HwAccess(c.form, c.word(), kAccess);
  switch (hw.kind) {
    case HwResult::kOk: return c.Entry(hw.word);
    case HwResult::kTranslation:
      return absl::FailedPreconditionError("the access raises a translation fault");
    case HwResult::kPermission:
      return absl::FailedPreconditionError("the access raises a permission fault");
    case HwResult::kAccessFlag:
      return absl::FailedPreconditionError("the access faults: the kernel must set young");
    case HwResult::kDirtyFlag:
      return absl::FailedPreconditionError("the access faults: the kernel must set dirty");
  }
  return absl::InternalError("no such hardware answer");
}

constexpr Function kFunctions[] = {
    {"make", 2, 2, MakeFn, "an entry for a frame: pfn_pte(), or pmd_mkhuge(pfn_pmd())"},
    {"pfn_pte", 2, 2, PfnPteFn, "pfn_pte(pfn, prot)"},
    {"pfn_pmd", 2, 2, PfnPmdFn, "pfn_pmd(pfn, prot), not yet huge"},
    {"MKPMD", 2, 2, PfnPmdFn, "the same"},
    {"modify", 2, 2, ModifyFn, "pte_modify(): give the entry a new protection"},
    {"mkwrite", 1, 1, Rewritten<&Arch::MkWrite>, "make writable, for an ordinary VMA"},
    {"mkwrite_novma", 1, 1, Rewritten<&Arch::MkWriteNovma>, "make writable, no VMA at hand"},
    {"mkwrite_shstk", 1, 1, Rewritten<&Arch::MkWriteShstk>, "make writable as a shadow stack"},
    {"wrprotect", 1, 1, Rewritten<&Arch::WrProtect>, "take write permission away"},
    {"mkdirty", 1, 1, Rewritten<&Arch::MkDirty>, "set dirty (and soft-dirty)"},
    {"mkclean", 1, 1, Rewritten<&Arch::MkClean>, "clear dirty"},
    {"mkyoung", 1, 1, Rewritten<&Arch::MkYoung>, "set young"},
    {"mkold", 1, 1, Rewritten<&Arch::MkOld>, "clear young"},
    {"mkuffd", 1, 1, Rewritten<&Arch::MkUffd>, "set the userfaultfd bit (and write-protect)"},
    {"clear_uffd", 1, 1, Rewritten<&Arch::ClearUffd>, "clear the userfaultfd bit only"},
    {"mksoft_dirty", 1, 1, Rewritten<&Arch::MkSoftDirty>, "set soft-dirty"},
    {"clear_soft_dirty", 1, 1, Rewritten<&Arch::ClearSoftDirty>, "clear soft-dirty"},
    {"mkspecial", 1, 1, Rewritten<&Arch::MkSpecial>, "mark special (zero page, pfn mapping)"},
    {"mkhuge", 1, 1, MkHugeFn, "pte_mkhuge() or pmd_mkhuge()"},
    {"mkinvalid", 1, 1, MkInvalidFn, "pmd_mkinvalid()"},
    {"advance_pfn", 2, 2, AdvanceFn, "the entry n pages further on in a batch"},
    {"set_access_flags", 2, 3, SetAccessFlagsFn,
     "ptep_set_access_flags(old, new[, is_write]): the word in the table afterwards"},
    {"modify_prot_window", 1, 1, WindowFn, "what a lockless reader sees during modify_prot"},

    {"none", 1, 1, Asked<&Arch::None>, "is it empty?"},
    {"present", 1, 1, Asked<&Arch::Present>, "is it present, protnone included?"},
    {"hw_valid", 1, 1, Asked<&Arch::HwValid>, "would the MMU translate it?"},
    {"protnone", 1, 1, Asked<&Arch::Protnone>, "is it protnone?"},
    {"write", 1, 1, Asked<&Arch::Write>, "is it writable?"},
    {"exec", 1, 1, Asked<&Arch::Exec>, "is it executable?"},
    {"dirty", 1, 1, Asked<&Arch::Dirty>, "is it dirty?"},
    {"young", 1, 1, Asked<&Arch::Young>, "is it young?"},
    {"uffd", 1, 1, Asked<&Arch::Uffd>, "does it carry the userfaultfd bit?"},
    {"soft_dirty", 1, 1, Asked<&Arch::SoftDirty>, "is it soft-dirty?"},
    {"special", 1, 1, Asked<&Arch::Special>, "is it special?"},
    {"pfn", 1, 1, PfnFn, "its frame number"},
    {"pmd_trans_huge", 1, 1, TransHugeFn, "is it a huge mapping?"},
    {"pmd_leaf", 1, 1, LeafFn, "pmd_leaf() as the macro has it"},
    {"pr", 1, 1, PteMaskFn, "all predicates of a PTE as one number, pfn << 16"},
    {"pm", 1, 1, PmdMaskFn, "all predicates of a PMD as one number"},
    {"val", 1, 1, ValFn, "the entry as a plain number"},
    {"P", 1, 1, ValFn, "the same"},
    {"pgprot_val", 1, 1, ValFn, "the protection as a plain number"},
    {"__pte", 1, 1, AsPteFn, "a number as a PTE"},
    {"__pmd", 1, 1, AsPmdFn, "a number as a PMD"},
    {"__pgprot", 1, 1, AsPgprotFn, "a number as a protection"},

    {"swp_entry", 2, 2, SwpEntryFn, "the generic entry (type, offset)"},
    {"swp_entry_to_pte", 1, 1, EncodePteFn, "the architecture's PTE for a generic entry"},
    {"softleaf_to_pte", 1, 1, EncodePteFn, "the same"},
    {"swp_entry_to_pmd", 1, 1, EncodePmdFn, "the architecture's PMD for a generic entry"},
    {"softleaf_to_pmd", 1, 1, EncodePmdFn, "the same"},
    {"pte_to_swp_entry", 1, 1, DecodeFn, "the generic entry of a PTE, flags stripped"},
    {"softleaf_from_pte", 1, 1, DecodeFn, "the same"},
    {"to_swp_entry", 1, 1, DecodeFn, "the same, of a PTE or a PMD"},
    {"softleaf_from_pmd", 1, 1, DecodeFn, "the generic entry of a PMD, flags stripped"},
    {"__pte_to_swp_entry", 1, 1, ArchEntryFn, "the architecture's own entry"},
    {"swp_type", 1, 1, SwpTypeFn, "type of an entry"},
    {"swp_offset", 1, 1, SwpOffsetFn, "offset of an entry"},
    {"__swp_type", 1, 1, SwpTypeFn, "type of the architecture's entry"},
    {"__swp_offset", 1, 1, SwpOffsetFn, "offset of the architecture's entry"},
    {"make_pte_marker", 1, 1, MarkerFn, "a marker entry"},
    {"swp_uffd", 1, 1, Asked<&Arch::SwpUffd>, "does the swap entry carry the uffd flag?"},
    {"swp_mkuffd", 1, 1, Rewritten<&Arch::SwpMkUffd>, "set its uffd flag"},
    {"swp_clear_uffd", 1, 1, Rewritten<&Arch::SwpClearUffd>, "clear its uffd flag"},
    {"swp_soft_dirty", 1, 1, Asked<&Arch::SwpSoftDirty>, "is the swap entry soft-dirty?"},
    {"swp_mksoft_dirty", 1, 1, Rewritten<&Arch::SwpMkSoftDirty>, "set its soft-dirty flag"},
    {"swp_clear_soft_dirty", 1, 1, Rewritten<&Arch::SwpClearSoftDirty>, "clear it"},
    {"swp_exclusive", 1, 1, SwpExclusiveFn, "is the swap entry exclusive?"},
    {"swp_mkexclusive", 1, 1, RewrittenPte<&Arch::SwpMkExclusive>, "set its exclusive flag"},
    {"swp_clear_exclusive", 1, 1, RewrittenPte<&Arch::SwpClearExclusive>, "clear it"},
    {"swp_clear_flags", 1, 1, SwpClearFlagsFn, "strip all three flags"},

    {"huge_make", 3, 3, HugeMakeFn, "huge_make(SIZE, pfn, prot): a hugetlb entry"},
    {"arch_make_huge_pte", 2, 2, ArchMakeHugeFn, "shape a PTE for a hugetlb SIZE"},
    {"huge_store", 2, 2, HugeStoreFn, "huge_store(SIZE, pte): the word in the table"},
    {"huge_load", 2, 2, HugeLoadFn, "huge_load(SIZE, word): what pte helpers see"},
    {"hw_read", 1, 1, HwFn<Access::kRead>, "the entry after a load, or the fault it raises"},
    {"hw_write", 1, 1, HwFn<Access::kWrite>, "the entry after a store, or the fault it raises"},
    {"hw_exec", 1, 1, HwFn<Access::kExec>, "the entry after a fetch, or the fault it raises"},
};

}  // namespace

std::span<const Function> AllFunctions() { return kFunctions; }

const Function* FindFunction(std::string_view name) {
  for (const Function& f : kFunctions) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

}  // namespace uffdsim::eval_internal

// The reachable words of a configuration.

#include <algorithm>
#include <set>

#include "model/arch/algebra_internal.h"
#include "model/arch/decode.h"
#include "model/base/rng.h"

namespace uffdsim::algebra_internal {
namespace {

constexpr std::size_t kExamples = 3;

void Unique(std::vector<std::uint64_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Checker::Checker(const Arch& arch, Form form, const AlgebraOptions& options)
    : arch_(arch), form_(form) {
  // PAGE_NONE is for pte_modify() only: with LPA2 the macro contains bits that belong to the frame.
  const auto& map = arch.layout().protection_map;
  made_prots_.assign(map.begin(), map.end());
  Unique(made_prots_);
  prots_ = made_prots_;
  prots_.push_back(arch.PageNone());
  Unique(prots_);
  MakeFrames(options);
  words_ = Closure(false);
  legal_words_ = Closure(true);
  MakeSoftleaves(options);
}

// Zero, one, a number with mixed bits, the largest and its neighbour, and random ones.
void Checker::MakeFrames(const AlgebraOptions& options) {
  const std::uint64_t end = Bit(arch_.SwpPfnBits());
  frames_ = {0, 1, 0x12345, end / 2, end - 1};
  Rng rng(options.seed);
  for (int i = 0; i < options.random_frames; ++i) frames_.push_back(rng.Below(end));
  if (form_ == Form::kPmd) {
    for (std::uint64_t& frame : frames_) frame = frame >> arch_.PmdOrder() << arch_.PmdOrder();
  }
  Unique(frames_);
}

std::vector<Word> Checker::Successors(Word w, bool legal) const {
  const Arch& a = arch_;
  const Form f = form_;
  // The kernel upgrades only after it took the mark away.
  const bool frozen = legal && a.Uffd(f, w);
  std::vector<Word> next = {a.WrProtect(f, w), a.MkDirty(f, w),     a.MkClean(f, w),
                            a.MkYoung(f, w),   a.MkOld(f, w),       a.MkUffd(f, w),
                            a.ClearUffd(f, w), a.MkSoftDirty(f, w), a.ClearSoftDirty(f, w),
                            a.MkSpecial(f, w)};
  for (const Pgprot prot : prots_) {
    if (frozen && a.Write(f, a.MakeRaw(f, 1, prot))) continue;
    next.push_back(a.Modify(f, w, prot));
  }
  if (!frozen) next.push_back(a.MkWrite(f, w));
  if (!legal) next.push_back(a.MkWriteShstk(f, w));
  for (const Access access : {Access::kRead, Access::kWrite, Access::kExec}) {
    const HwResult hw = a.HwAccess(f, w, access);
    if (hw.kind == HwResult::kOk) next.push_back(hw.word);
  }
  return next;
}

// The flag combinations do not depend on the frame, but the polarity of the frame depends on them,
// so each frame gets its own closure.
std::vector<PresentWord> Checker::Closure(bool legal) const {
  std::vector<PresentWord> closure;
  for (const std::uint64_t frame : frames_) {
    std::set<Word> seen;
    std::vector<Word> work;
    for (const Pgprot prot : made_prots_) work.push_back(arch_.MakeRaw(form_, frame, prot));
    while (!work.empty()) {
      const Word w = work.back();
      work.pop_back();
      if (!seen.insert(w).second) continue;
      for (const Word next : Successors(w, legal)) {
        if (seen.find(next) == seen.end()) work.push_back(next);
      }
    }
    for (const Word w : seen) closure.push_back({w, frame});
  }
  return closure;
}

void Checker::AddSoftleaf(SwpEntry entry) {
  const SwpCodec& codec = layout().swp;
  for (unsigned flags = 0; flags < 8; ++flags) {
    const Word exclusive = form_ == Form::kPte ? codec.exclusive : 0;
    const Word masks[] = {codec.uffd, codec.soft_dirty, exclusive};
    Word word = arch_.SwpEncode(form_, entry);
    bool possible = true;
    for (unsigned i = 0; i < 3; ++i) {
      if ((flags & (1U << i)) == 0) continue;
      possible = possible && masks[i] != 0;
      word |= masks[i];
    }
    if (possible) softleaves_.push_back({word, entry, flags});
  }
}

void Checker::MakeSoftleaves(const AlgebraOptions& options) {
  const std::uint64_t largest = layout().swp.offset_mask;
  Rng rng(options.seed + 1);
  for (unsigned t = 0; t < 32; ++t) {
    const auto type = static_cast<std::uint8_t>(t);
    const WordKind kind = ClassifySoftleaf(arch_, type);
    if (form_ == Form::kPmd) {
      // Only migration and device-private entries exist at PMD level.
      const SwpTypes& types = arch_.swp_types();
      if (type < types.migration_read || type > types.device_read) continue;
      const bool migration = type <= types.migration_write && arch_.SupportsMigrationAd();
      for (const std::uint64_t frame : frames_) {
        for (std::uint64_t ad = 0; ad < (migration ? 4U : 1U); ++ad) {
          AddSoftleaf({type, frame | (ad << arch_.SwpPfnBits())});
        }
      }
      continue;
    }
    if (kind == WordKind::kMarker) {
      for (std::uint64_t marker = 1; marker < 8; ++marker) AddSoftleaf({type, marker});
      continue;
    }
    std::vector<std::uint64_t> offsets = {0, 1, largest};
    for (std::uint64_t bit = 1; bit != 0 && bit <= largest; bit <<= 1) {
      offsets.push_back(bit);
      offsets.push_back(largest ^ bit);
    }
    for (int i = 0; i < options.random_frames; ++i) offsets.push_back(rng.Next() & largest);
    Unique(offsets);
    for (const std::uint64_t offset : offsets) AddSoftleaf({type, offset});
  }
}

std::vector<Pgprot> Checker::PrivateWritable() const {
  return {arch_.ProtectionMap(true, true, false, false),
          arch_.ProtectionMap(true, true, true, false)};
}

Word Checker::Rwp(Word w) const {
  const Word once = arch_.MkUffd(form_, arch_.Modify(form_, w, page_none()));
  return arch_.Modify(form_, once, page_none());
}

std::vector<Checker::Named> Checker::Rewrites(Word w) const {
  const Arch& a = arch_;
  const Form f = form_;
  std::vector<Named> all = {
      {"mkwrite", a.MkWrite(f, w)},
      {"wrprotect", a.WrProtect(f, w)},
      {"mkdirty", a.MkDirty(f, w)},
      {"mkclean", a.MkClean(f, w)},
      {"mkyoung", a.MkYoung(f, w)},
      {"mkold", a.MkOld(f, w)},
      {"mksoft_dirty", a.MkSoftDirty(f, w)},
      {"clear_soft_dirty", a.ClearSoftDirty(f, w)},
      {"mkspecial", a.MkSpecial(f, w)},
      {"set_access_flags", a.SetAccessFlags(f, w, a.MkDirty(f, a.MkYoung(f, w)))},
  };
  for (const Pgprot prot : prots_) all.push_back({"modify", a.Modify(f, w, prot)});
  if (f == Form::kPmd) all.push_back({"mkinvalid", a.MkInvalid(w)});
  return all;
}

void Checker::Expect(bool holds, Word word, std::string_view detail) {
  ++result_->checked;
  if (holds) return;
  ++result_->failed;
  if (result_->examples.size() < kExamples) {
    result_->examples.push_back({form_, word, std::string(detail)});
  }
}

}  // namespace uffdsim::algebra_internal

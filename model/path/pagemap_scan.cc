#include "model/path/pagemap_scan.h"

#include <algorithm>

#include "model/mm/entry.h"
#include "model/path/change_protection.h"
#include "model/path/hugetlb.h"
#include "model/path/prot.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/step_table.h"
#include "model/path/thp.h"

namespace uffdsim {
namespace {

// How a walk ended, or goes on.
enum class Walk : std::uint8_t {
  kGoOn,
  kFull,     // -ENOSPC: max_pages or the vector
  kRefused,  // -EPERM: CHECK_WPASYNC
  kNoTable,  // -ENOMEM: a table that a marker needs
};

// --- the walk ---

class Scan {
 public:
  Scan(World& w, MmId mm, const ScanArgs& args, std::vector<ScanRegion>* out)
      : w_(w),
        mm_(mm),
        args_(args),
        out_(*out),
        first_region_(out->size()),
        max_pages_(args.max_pages == 0 ? ~0ULL : args.max_pages),
        protects_((args.flags & kScanWpMatching) != 0),
        frame_bits_(FrameBits(*w.arch)) {}

  Walk Run(Vpn first, Vpn last);
  void DropEmptyRegion() {
    if (out_.size() > first_region_ && out_.back().start == out_.back().end) out_.pop_back();
  }
  bool stopped() const { return stopped_; }
  Vpn stop() const { return stop_; }

 private:
  // A run of pages with the same categories, already filtered by the masks.
  Walk Output(std::uint64_t categories, Vpn first, Vpn* last);
  bool Push(std::uint64_t categories, Vpn first, Vpn last);
  void BackOut(Vpn first, Vpn last);

  Walk WalkVma(Vma& vma, Vpn first, Vpn last);
  Walk WalkHugetlb(Vma& vma, Vpn first, Vpn last);
  Walk Ptes(const Vma& vma, Vpn first, Vpn last);
  void ProtectAllPtes(Vpn first, Vpn last);
  Walk PmdLeaf(const Vma& vma, Word word, Vpn first, Vpn last, bool* split);
  Walk Hole(Vma& vma, Vpn first, Vpn last);
  Walk HugetlbEntry(const Vma& vma, Vpn first, Vpn last);
  Walk HugetlbHole(const Vma& vma, Vpn first, Vpn last);
  void ProtectHugetlb(const Vma& vma, Vpn vpn, Word word) {
    const Word marked = w_.steps->site.scan_protected_hugetlb(*w_.arch, word);
    if (marked == word) return;
    SetHugeEntry(w_, mm_, vma, vpn, marked);
    const Vpn first = HugeFirst(w_, vma, vpn);
    EmitArm(w_, mm_, first, first + HugePages(w_, vma));
  }

  // First page after `vpn` whose entry need not have the categories of vpn's.
  Vpn RunEnd(const Vma& vma, const PageTable::LeafView& view, Vpn vpn, Vpn last) const;
  bool Interesting(std::uint64_t categories) const {
    categories ^= args_.category_inverted;
    if ((categories & args_.category_mask) != args_.category_mask) return false;
    return args_.category_anyof_mask == 0 || (categories & args_.category_anyof_mask) != 0;
  }
  bool WantsFile() const {
    return ((args_.category_mask | args_.category_anyof_mask | args_.return_mask) & kPageFile) != 0;
  }
  static Word FrameBits(const Arch& arch) {
    const FormLayout& form = arch.layout().form[0];
    return form.pfn.mask | form.pfn.high_mask | form.invert;
  }

  World& w_;
  const MmId mm_;
  const ScanArgs& args_;
  std::vector<ScanRegion>& out_;
  const std::size_t first_region_;
  const std::uint64_t max_pages_;
  const bool protects_;
  const Word frame_bits_;
  std::uint64_t of_vma_ = 0;
  std::uint64_t found_ = 0;
  bool stopped_ = false;
  Vpn stop_{};  // p->arg.walk_end
};

bool Scan::Push(std::uint64_t categories, Vpn first, Vpn last) {
  const std::uint64_t start = AddressOf(w_, first);
  const std::uint64_t end = AddressOf(w_, last);
  const bool any = out_.size() > first_region_;
  if (any && out_.back().end == start && out_.back().categories == categories) {
    out_.back().end = end;
    return true;
  }
  // A region that was backed out leaves its slot empty.
  if (any && out_.back().end == 0) {
    out_.back() = {.start = start, .end = end, .categories = categories};
    return true;
  }
  if (out_.size() - first_region_ >= args_.vec_len) return false;
  out_.push_back({.start = start, .end = end, .categories = categories});
  return true;
}

Walk Scan::Output(std::uint64_t categories, Vpn first, Vpn* last) {
  if (args_.vec_len == 0) return Walk::kGoOn;
  Walk result = Walk::kGoOn;
  std::uint64_t pages = *last - first;
  if (pages > max_pages_ - found_) {
    pages = max_pages_ - found_;
    *last = first + pages;
    result = Walk::kFull;
  }
  if (!Push(categories & args_.return_mask, first, *last)) {
    *last = first;
    pages = 0;
    result = Walk::kFull;
  }
  found_ += pages;
  if (result == Walk::kFull) {
    stopped_ = true;
    stop_ = *last;
  }
  return result;
}

void Scan::BackOut(Vpn first, Vpn last) {
  if (args_.vec_len == 0) return;
  ScanRegion& region = out_.back();
  if (region.start != AddressOf(w_, first)) {
    region.end = AddressOf(w_, first);
  } else {
    region.start = 0;
    region.end = 0;
  }
  found_ -= last - first;
}

Vpn Scan::RunEnd(const Vma& vma, const PageTable::LeafView& view, Vpn vpn, Vpn last) const {
  const Arch& arch = *w_.arch;
  const Word* word = view.words + (vpn - view.first);
  const Word* const end = view.words + (last - view.first);
  const Word* next = word + 1;
  // Present entries that differ in nothing but the frame are alike, unless one of them is the zero
  // page (which is special) or a private file mapping mixes cache pages and copies.
  const bool alike = arch.Present(Form::kPte, *word) && !arch.Special(Form::kPte, *word) &&
                     arch.layout().form[0].special != 0 &&
                     (vma.Anonymous() || vma.Shared() || !WantsFile());
  const Word compared = alike ? ~frame_bits_ : ~Word{0};
  while (next < end && ((*next ^ *word) & compared) == 0) ++next;
  return vpn + static_cast<std::uint64_t>(next - word);
}

Walk Scan::Ptes(const Vma& vma, Vpn first, Vpn last) {
  PageTable& table = w_.mm(mm_).table;
  if (protects_ && args_.vec_len == 0 && !w_.steps->site.scan_honours_masks(w_, vma)) {
    ProtectAllPtes(first, last);
    return Walk::kGoOn;
  }
  Walk result = Walk::kGoOn;
  for (Vpn vpn = first; vpn < last && result == Walk::kGoOn;) {
    PageTable::LeafView view{};
    table.FindLeafView(vpn, &view);
    const Word word =
        view.words == nullptr ? w_.arch->NoneWord(Form::kPte) : view.words[vpn - view.first];
    const Vpn run_end = view.words == nullptr ? last : RunEnd(vma, view, vpn, last);
    const std::uint64_t categories = of_vma_ | WordCategories(w_, vma, Form::kPte, word);
    if (Interesting(categories)) {
      Vpn end = run_end;
      result = Output(categories, vpn, &end);
      if (protects_ && (categories & kPageWritten) != 0) {
        for (Vpn v = vpn; v < end; ++v)
          table.SetPte(v, w_.steps->site.scan_protected_pte(*w_.arch, table.GetPte(v)));
        EmitArm(w_, mm_, vpn, end);
      }
    }
    vpn = run_end;
  }
  return result;
}

// Without a vector nothing is reported, and the masks are not looked at.
void Scan::ProtectAllPtes(Vpn first, Vpn last) {
  const Arch& arch = *w_.arch;
  PageTable& table = w_.mm(mm_).table;
  for (Vpn vpn = first; vpn < last; ++vpn) {
    const Word word = table.GetPte(vpn);
    const bool marked = arch.Present(Form::kPte, word)
                            ? w_.steps->site.present_marked(w_, Form::kPte, word)
                            : w_.steps->site.softleaf_marked(w_, Form::kPte, word);
    if (marked) continue;
    table.SetPte(vpn, w_.steps->site.scan_protected_pte(arch, word));
  }
  EmitArm(w_, mm_, first, last);
}

// `split`: the leaf was split, and its pages are still to be scanned one by one.
Walk Scan::PmdLeaf(const Vma& vma, Word word, Vpn first, Vpn last, bool* split) {
  const std::uint64_t categories = of_vma_ | kPageHuge | WordCategories(w_, vma, Form::kPmd, word);
  if (!Interesting(categories)) return Walk::kGoOn;
  const Walk result = Output(categories, first, &last);
  if (first == last || !protects_ || (categories & kPageWritten) == 0) return result;
  PageTable& table = w_.mm(mm_).table;
  if (last != first + table.PmdPages()) {
    SplitPmd(w_, mm_, vma, first);
    BackOut(first, last);
    *split = true;
    return Walk::kGoOn;
  }
  table.SetPmd(first, w_.steps->site.scan_protected_pmd(*w_.arch, word));
  EmitArm(w_, mm_, first, last);
  return result;
}

Walk Scan::Hole(Vma& vma, Vpn first, Vpn last) {
  const std::uint64_t categories = of_vma_ | w_.steps->site.hole_categories(vma);
  if (!Interesting(categories)) return Walk::kGoOn;
  const Walk result = Output(categories, first, &last);
  if (first != last && protects_) ChangeProtection(w_, mm_, vma, first, last, ProtOp::kWp);
  return result;
}

Walk Scan::HugetlbHole(const Vma& vma, Vpn first, Vpn last) {
  if (!Interesting(of_vma_)) return Walk::kGoOn;
  const Walk result = Output(of_vma_, first, &last);
  if (first == last || !protects_) return result;
  const std::uint64_t huge = HugePages(w_, vma);
  for (Vpn vpn(first.value & ~(huge - 1)); vpn < last; vpn = vpn + huge) {
    if (!AllocHugeTable(w_, mm_, vma, vpn)) return Walk::kNoTable;
    ProtectHugetlb(vma, vpn, FindEntry(w_, mm_, vma, vpn).word);
  }
  return result;
}

Walk Scan::HugetlbEntry(const Vma& vma, Vpn first, Vpn last) {
  const EntryAt entry = FindEntry(w_, mm_, vma, first);
  const std::uint64_t categories = of_vma_ | HugetlbCategories(w_, vma, entry.word);
  if (!Interesting(categories)) return Walk::kGoOn;
  const Walk result = Output(categories, first, &last);
  if (first == last || !protects_ || (categories & kPageWritten) == 0) return result;
  if (last != first + HugePages(w_, vma)) {
    // A part of a hugetlb page cannot be protected: as if it had not been reached.
    BackOut(first, last);
    stopped_ = true;
    stop_ = first;
    return Walk::kGoOn;
  }
  ProtectHugetlb(vma, first, entry.word);
  return result;
}

Walk Scan::WalkHugetlb(Vma& vma, Vpn first, Vpn last) {
  Walk result = Walk::kGoOn;
  for (Vpn vpn = first; vpn < last && result == Walk::kGoOn;) {
    const Vpn next = std::min(Vpn((vpn.value | (HugePages(w_, vma) - 1)) + 1), last);
    result = HasHugeTable(w_, mm_, vma, vpn) ? HugetlbEntry(vma, vpn, next)
                                             : HugetlbHole(vma, vpn, next);
    vpn = next;
  }
  return result;
}

Walk Scan::WalkVma(Vma& vma, Vpn first, Vpn last) {
  if (vma.Hugetlb()) return WalkHugetlb(vma, first, last);
  PageTable& table = w_.mm(mm_).table;
  Walk result = Walk::kGoOn;
  for (Vpn vpn = first; vpn < last && result == Walk::kGoOn;) {
    Vpn next = std::min(Vpn((vpn.value | (table.PmdPages() - 1)) + 1), last);
    const Word pmd = table.GetPmd(vpn);
    if (!w_.arch->None(Form::kPmd, pmd)) {
      bool split = false;
      result = PmdLeaf(vma, pmd, vpn, next, &split);
      if (!split) vpn = next;
    } else if (table.HasPteTable(vpn)) {
      result = Ptes(vma, vpn, next);
      vpn = next;
    } else {
      next = table.NextMapped(next, last);
      result = Hole(vma, vpn, next);
      vpn = next;
    }
  }
  return result;
}

Walk Scan::Run(Vpn first, Vpn last) {
  VmaTree& vmas = w_.mm(mm_).vmas;
  for (std::size_t i = vmas.LowerBound(first); i < vmas.list().size(); ++i) {
    Vma& vma = vmas.list()[i];
    if (vma.start >= last) break;
    const bool wp_allowed = WpAllowed(w_, vma);
    const ScanVma verdict = w_.steps->site.scan_of_vma(vma, wp_allowed, args_.flags);
    if (verdict == ScanVma::kRefuse) return Walk::kRefused;
    if (verdict == ScanVma::kSkip) continue;
    of_vma_ = VmaCategories(w_, vma);
    const std::uint64_t required = args_.category_mask & kPageWpAllowed;
    if (((of_vma_ ^ args_.category_inverted) & required) != required) continue;
    const Walk result = WalkVma(vma, std::max(first, vma.start), std::min(last, vma.end));
    if (result != Walk::kGoOn) return result;
  }
  return Walk::kGoOn;
}

// One past the last byte of user space, as far as the geometry says.
std::uint64_t UserEnd(const World& w) {
  const Geometry& geometry = w.arch->geometry();
  unsigned bits = geometry.page_shift;
  for (int level = 0; level < geometry.levels; ++level) bits += geometry.bits[level];
  return bits >= 64 ? ~0ULL : 1ULL << bits;
}

// pagemap_scan_get_args().
Errno CheckArgs(const World& w, std::uint64_t start, std::uint64_t end, const ScanArgs& args) {
  if (args.size != 96) return Errno::kEINVAL;
  if ((args.flags & ~(kScanWpMatching | kScanCheckWpAsync)) != 0) return Errno::kEINVAL;
  const std::uint64_t masks =
      args.category_inverted | args.category_mask | args.category_anyof_mask | args.return_mask;
  if ((masks & ~kPageAllCategories) != 0) return Errno::kEINVAL;
  if ((start & PageMask(w)) != 0) return Errno::kEINVAL;
  if (end < start || end > UserEnd(w)) return Errno::kEFAULT;
  return Errno::kOk;
}

}  // namespace

ScanVma ScanOfVma(const Vma& vma, bool wp_allowed, std::uint64_t flags) {
  if (!wp_allowed && (flags & kScanCheckWpAsync) != 0) return ScanVma::kRefuse;
  const bool skips = (!wp_allowed && (flags & kScanWpMatching) != 0) || vma.Has(kVmPfnmap);
  return skips ? ScanVma::kSkip : ScanVma::kVisit;
}

Errno PagemapScan(World& w, MmId mm, std::uint64_t start, std::uint64_t end, const ScanArgs& args,
                  std::vector<ScanRegion>* out, std::uint64_t* walk_end) {
  if (!w.mm(mm).alive) return Errno::kESRCH;
  const Errno error = CheckArgs(w, start, end, args);
  if (error != Errno::kOk) return error;
  const Vpn first = VpnOf(w, start);
  const Vpn last = VpnOf(w, PageAlignUp(w, end));
  *walk_end = AddressOf(w, last);
  if (first == last) return Errno::kOk;  // no mapping is looked at
  Scan scan(w, mm, args, out);
  if ((args.flags & kScanWpMatching) != 0) NotifyInvalidate(w, mm, first, last);
  const Walk result = scan.Run(first, last);
  if ((args.flags & kScanWpMatching) != 0) w.steps->site.flush_scanned(w, mm, first, last);
  scan.DropEmptyRegion();
  if (scan.stopped()) *walk_end = AddressOf(w, scan.stop());
  switch (result) {
    case Walk::kRefused: return Errno::kEPERM;
    case Walk::kNoTable: return Errno::kENOMEM;
    case Walk::kGoOn:
    case Walk::kFull: return Errno::kOk;
  }
  return Errno::kOk;
}

void Start_scan(World& w, Task& t) {
  const Operation& op = t.op;
  std::vector<ScanRegion> regions;
  const Errno error =
      PagemapScan(w, t.mm, op.start, op.start + op.length, op.scan, &regions, &t.outcome.walk_end);
  if (error != Errno::kOk) {
    Fail(t, error);
    return;
  }
  Succeed(t, static_cast<std::int64_t>(regions.size()));
  t.outcome.regions = std::move(regions);
}

}  // namespace uffdsim

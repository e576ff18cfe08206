#include "sim/replay/verify.h"

#include "absl/strings/str_cat.h"

namespace uffdsim {

ReplayChecker::ReplayChecker(LinuxHost& host, const Truth& truth, const Store& store,
                             std::uint64_t limit_pages)
    : host_(host),
      truth_(truth),
      store_(store),
      limit_pages_(limit_pages),
      view_(host.world()),
      referee_(view_, Referee::Strictness::kRelease) {
  host.world().listener = &referee_;
}

void ReplayChecker::Check() {
  // Contents are tokens here: the guest's own verification compares them.
  referee_.Check(kPartAll & ~std::uint32_t{kPartContents});
  for (; reported_ < referee_.violations().size(); ++reported_) {
    const Violation& v = referee_.violations()[reported_];
    violations_.Add(absl::StrCat("page ", v.vpn.value - host_.base().value, ": ",
                                 InvariantSentence(v.invariant), " (", v.detail, ")"));
  }
  for (std::uint32_t page = 0; page < host_.guest_pages(); ++page) CheckPage(page);
  CheckCounts();
}

// What the page table, the page cache, stage 2 and the store say of one page must agree.
void ReplayChecker::CheckPage(std::uint32_t page) {
  World& w = host_.world();
  const Arch& arch = *w.arch;
  const Pfn frame = host_.FrameOf(page);
  const Word pte = w.mm(MmId(0)).table.GetPte(host_.base() + page);
  const bool present = !arch.None(Form::kPte, pte) && arch.Present(Form::kPte, pte);
  const bool denied = present && arch.Protnone(Form::kPte, pte);
  const std::uint32_t word = host_.stage2().words()[page];
  const bool mapped = (word & Stage2::kReadable) != 0;
  const auto broken = [&](const char* sentence) {
    violations_.Add(absl::StrCat("page ", page, ": ", sentence));
  };
  if (mapped && (!present || denied)) {
    broken("a guest translation outlived the host's permission");
  }
  if (mapped && (word & Stage2::kWritable) != 0 && present && !arch.Write(Form::kPte, pte)) {
    broken("the guest may write what the host may not");
  }
  if (present && arch.PfnOf(Form::kPte, pte) != frame) {
    broken("the page table maps another frame than the file holds");
  }
  if (frame == Pfn(0) && (word >> Stage2::kCookieShift) == 0 && store_.Token(page) != 0) {
    broken("the store holds a page that was never touched");
  }
}

void ReplayChecker::CheckCounts() {
  std::uint64_t resident = 0;
  for (std::uint32_t page = 0; page < host_.guest_pages(); ++page) {
    resident += host_.IsResident(page) ? 1 : 0;
  }
  if (resident != host_.resident()) {
    violations_.Add(absl::StrCat("accounting: ", resident, " pages are resident, ",
                                 host_.resident(), " were counted"));
  }
  if (resident > limit_pages_) {
    violations_.Add(
        absl::StrCat("accounting: ", resident, " pages are resident, the limit is ", limit_pages_));
  }
  if (truth_.WorkingSet(1) > truth_.footprint()) {
    violations_.Add("accounting: the working set is larger than the footprint");
  }
}

}  // namespace uffdsim

#include "sim/replay/verify.h"

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

// One page: what the page table, the page cache and stage 2 say of it must agree.
void VerifyPage(LinuxHost& host, const Store& store, std::uint32_t page, Violations* violations) {
  World& w = host.world();
  const Arch& arch = *w.arch;
  const CacheSlot slot = w.file(host.file()).cache.Get(page);
  const Word pte = w.mm(MmId(0)).table.GetPte(host.base() + page);
  const bool present = !arch.None(Form::kPte, pte) && arch.Present(Form::kPte, pte);
  const bool denied = present && arch.Protnone(Form::kPte, pte);
  const std::uint32_t word = host.stage2().words()[page];
  const bool mapped = (word & Stage2::kReadable) != 0;
  const auto broken = [&](const char* sentence) {
    violations->Add(absl::StrCat("page ", page, ": ", sentence));
  };
  if (mapped && (!present || denied)) {
    broken("a guest translation outlived the host's permission (stale translation)");
  }
  if (mapped && (word & Stage2::kWritable) != 0 && present && !arch.Write(Form::kPte, pte)) {
    broken("the guest may write what the host may not");
  }
  if (present && arch.Uffd(Form::kPte, pte) && !denied) {
    broken("a marked entry does not trap (marked means trapping)");
  }
  if (present && (!slot.is_frame() || arch.PfnOf(Form::kPte, pte) != slot.pfn())) {
    broken("the page table maps another frame than the file holds");
  }
  if (slot.empty() && (word >> Stage2::kCookieShift) == 0 && store.Token(page) != 0) {
    broken("the store holds a page that was never touched");
  }
}

}  // namespace

void VerifyMachine(LinuxHost& host, const Truth& truth, const Store& store,
                   std::uint64_t limit_pages, Violations* violations) {
  std::uint64_t resident = 0;
  const World& w = host.world();
  for (std::uint32_t page = 0; page < host.guest_pages(); ++page) {
    VerifyPage(host, store, page, violations);
    resident += w.files[host.file().value].cache.Get(page).empty() ? 0 : 1;
  }
  if (resident != host.resident()) {
    violations->Add(absl::StrCat("accounting: ", resident, " pages are resident, ",
                                 host.resident(), " were counted"));
  }
  if (resident > limit_pages) {
    violations->Add(absl::StrCat("accounting: ", resident, " pages are resident, the limit is ",
                                 limit_pages));
  }
  if (truth.WorkingSet(1) > truth.footprint()) {
    violations->Add("accounting: the working set is larger than the footprint");
  }
}

}  // namespace uffdsim

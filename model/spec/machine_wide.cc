// Invariants about what the machine keeps beside its pages: cached translations, counts, sleepers,
// registrations.
#include <string>

#include "model/spec/referee.h"

namespace uffdsim {

void Referee::CheckNoStaleTranslation() {
  source_.Translations(&translations_);
  for (const AbstractTranslation& t : translations_) {
    const AbstractPage page = source_.Page(t.mm, t.vpn);
    if (page.backing != Backing::kResident || page.denies_all) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation outlived its page-table entry");
    } else if (t.writable && !page.writable) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation allows writes that the page table does not");
    } else if (t.frame != 0 && t.frame != page.frame) {
      Report(InvariantId::kNoStaleTranslation, t.mm, t.vpn,
             "a cached translation leads to another frame");
    }
  }
}

void Referee::CheckAccounting() {
  source_.Counts(&counts_);
  for (const AbstractCount& count : counts_) {
    if (count.kept == count.counted) continue;
    Report(InvariantId::kAccounting, MmId(0), Vpn(count.which),
           std::string(count.what) + " " + std::to_string(count.which) + ": kept " +
               std::to_string(count.kept) + ", counted " + std::to_string(count.counted));
  }
}

void Referee::CheckNoLostWakeup() {
  if (history_.woken.empty() && history_.abandoned.empty()) return;
  source_.Sleepers(&sleepers_);
  FlatMap<std::uint16_t> still;
  for (const AbstractSleeper& sleeper : sleepers_) {
    const std::uint16_t* left = history_.abandoned.Find(sleeper.task.value);
    if (left != nullptr && *left == sleeper.ctx.value) {
      Report(InvariantId::kNoLostWakeup, sleeper.mm, sleeper.vpn,
             "a thread still sleeps in a range that its context gave up");
      still.Set(sleeper.task.value, *left);
    }
    const std::uint16_t* woken = history_.woken.Find(FlatMap<int>::KeyOf(sleeper.mm, sleeper.vpn));
    if (woken == nullptr || *woken != sleeper.ctx.value) continue;
    const AbstractPage page = source_.Page(sleeper.mm, sleeper.vpn);
    if (page.backing != Backing::kResident || page.denies_all || page.marked) continue;
    Report(InvariantId::kNoLostWakeup, sleeper.mm, sleeper.vpn,
           "a thread still sleeps on a page that was resolved");
  }
  history_.abandoned = still;
}

void Referee::CheckCleanExit(const AbstractArea& area) {
  if (area.ctx == CtxId(0) || !area.context_gone) return;
  Report(InvariantId::kCleanExit, area.mm, area.first,
         "the range is registered with a context that was closed");
}

void Referee::CheckApiContract(const AbstractArea& area) {
  const bool any = area.wp || area.rwp || area.missing || area.minor;
  if (any != (area.ctx != CtxId(0))) {
    Report(InvariantId::kApiContract, area.mm, area.first,
           "a VMA has a context exactly if it has a mode");
  }
  if (area.wp && area.rwp) {
    Report(InvariantId::kApiContract, area.mm, area.first, "WP and RWP exclude each other");
  }
  if (area.rwp && !area.context_rwp) {
    Report(InvariantId::kApiContract, area.mm, area.first,
           "RWP was registered, the context did not negotiate it");
  }
  if (area.minor && area.anonymous) {
    Report(InvariantId::kApiContract, area.mm, area.first,
           "MINOR was registered for anonymous memory");
  }
}

}  // namespace uffdsim

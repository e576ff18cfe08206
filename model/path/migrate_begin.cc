// Migrations that stay open between two operations.
//
// Mirrors: the two halves of migrate_pages_batch() of mm/migrate.c, with all the time in the world
//          between them. No system call does that: it is the state that compaction, move_pages(2)
//          and memory hotplug leave for others to run into.
// Marker:  as in migrate.h.
#include "model/path/migrate.h"
#include "model/path/paths.h"
#include "model/path/range.h"

namespace uffdsim {
namespace {

struct BeginFrame {
  NamedPages range;
};
struct EndFrame {
  std::uint64_t folios = 0;
};

enum HoldStep : std::uint8_t { kOut, kAnswer };

Next TakeOut(World& w, Task& t, BeginFrame& f) {
  t.isolated.clear();
  for (Vpn vpn = f.range.first; vpn < f.range.last; ++vpn) {
    const Pfn pfn = FrameAt(w, PageAt(w, t.mm, vpn));
    if (pfn == Pfn(0) || w.frames.Head(pfn).Has(kPgZero)) continue;
    // The further pages of a large folio find it taken.
    IsolateForMigration(w, t, w.frames.HeadOf(pfn));
  }
  PushMigrateOut(t);
  return Next::Call(kAnswer);
}

Next Held(World&, Task& t, BeginFrame&) {
  Succeed(t, t.value);
  return Next::Return();
}

Next PutBack(World& w, Task& t, EndFrame& f) {
  f.folios = w.open_migrations.size();
  PushMigrateIn(w, t);
  return Next::Call(kAnswer);
}

Next Ended(World&, Task& t, EndFrame& f) {
  Succeed(t, static_cast<std::int64_t>(f.folios) - t.value);
  return Next::Return();
}

constexpr Step kBeginSteps[] = {
    StepOf<BeginFrame, &TakeOut>("isolate", kTouchPte | kTouchFolio),
    StepOf<BeginFrame, &Held>("held", kTouchNothing),
};
constexpr Step kEndSteps[] = {
    StepOf<EndFrame, &PutBack>("end", kTouchFolio),
    StepOf<EndFrame, &Ended>("ended", kTouchNothing),
};

}  // namespace

const Path kMigrateBeginPath = {"migrate_begin", "mm/migrate.c migrate_folio_unmap()", kBeginSteps};
const Path kMigrateEndPath = {"migrate_end", "mm/migrate.c migrate_folio_move()", kEndSteps};

void Start_migrate_begin(World& w, Task& t) {
  PushPath<BeginFrame>(t, PathOf::k_migrate_begin).range = RangeOf(w, t.op);
}

void Start_migrate_end(World&, Task& t) { PushPath<EndFrame>(t, PathOf::k_migrate_end); }

}  // namespace uffdsim

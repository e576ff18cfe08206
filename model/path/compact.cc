// Writing to /proc/sys/vm/compact_memory.
//
// Mirrors: compact_node(), isolate_migratepages_block() of mm/compaction.c. Which pages move is the
//          kernel's choice and not visible, because migration preserves everything; here every
//          single page that could move does, within its node.
#include "model/path/migrate.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

struct CompactFrame {
  bool done = false;
};

// Large folios and pages that somebody holds stay.
bool Movable(const World& w, Pfn pfn) {
  const Page& page = w.frames[pfn];
  return page.Has(kPgLru) && page.order == 0 && page.refs == 0 && page.pins == 0 &&
         !page.Has(kPgHwPoison);
}

Next Compact(World& w, Task& t, CompactFrame& f) {
  if (f.done) {
    t.outcome.status = Outcome::Status::kOk;
    return Next::Return();
  }
  f.done = true;
  t.isolated.clear();
  const std::uint32_t frames = w.frames.size();
  for (std::uint32_t i = 0; i < frames; ++i) {
    if (Movable(w, Pfn(i))) IsolateForMigration(w, t, Pfn(i));
  }
  PushMigrate(t, {.node = 0, .same_node = true});
  return Next::Call(std::uint8_t{0});
}

constexpr Step kSteps[] = {StepOf<CompactFrame, &Compact>("compact", kTouchFolio)};

}  // namespace

const Path kCompactPath = {"compact", "mm/compaction.c compact_node()", kSteps};

void Start_compact(World&, Task& t) { PushPath<CompactFrame>(t, PathOf::k_compact); }

}  // namespace uffdsim

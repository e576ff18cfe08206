// move_pages(2).
//
// Mirrors: do_pages_move(), add_folio_for_migration(), do_pages_stat_array() of mm/migrate.c.
// Rules:   pages are queued one by one; a page that cannot be queued gets its code at once and
// sends the
//          queue so far on its way. A large folio is queued once: its next page finds it busy. When
//          a folio cannot be moved, the call ends: pages not reported keep the status they came
//          with.
#include "model/path/hw_walk.h"
#include "model/path/migrate.h"
#include "model/path/paths.h"
#include "model/path/rmap.h"
#include "model/path/start.h"
#include "model/path/swap_out.h"

namespace uffdsim {
namespace {

struct MovePagesFrame {
  Vpn first{};
  std::uint64_t pages = 0;
  std::uint64_t at = 0;     // page looked at
  std::uint64_t start = 0;  // first page whose status is not stored yet
  bool last_flush = false;  // nothing comes after this flush
};

enum MoveStep : std::uint8_t { kQueue, kFlushed };

int Code(Errno error) { return -static_cast<int>(error); }

// __add_folio_for_migration(): a status, or kQueued.
constexpr int kQueued = -2000;

struct Look {
  bool mapped = false;  // a VMA is there
  bool found = false;   // and a present entry
  Pfn pfn{};
};

// folio_walk_start() with FW_ZEROPAGE.
Look WalkTo(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr) return {};
  const Leaf leaf = FindLeaf(w, mm, *vma, vpn);
  const auto [form, word] = ReadLeaf(w, *vma, leaf);
  if (w.arch->None(form, word) || !w.arch->Present(form, word)) return {.mapped = true};
  return {.mapped = true, .found = true, .pfn = FrameOf(w, *vma, leaf, vpn)};
}

int QueuePage(World& w, Task& t, Vpn vpn) {
  const Vma* vma = w.mm(t.mm).vmas.Find(vpn);
  if (vma == nullptr || vma->Has(kVmIo | kVmPfnmap)) return Code(Errno::kEFAULT);
  const Look look = WalkTo(w, t.mm, vpn);
  if (!look.found) return Code(Errno::kENOENT);
  const Pfn head = w.frames.HeadOf(look.pfn);
  const Page& folio = w.frames[head];
  if (folio.Has(kPgZero)) return Code(Errno::kEFAULT);
  if (folio.node == t.op.value) return static_cast<int>(folio.node);
  if (FolioMappedShared(w, head) && (t.op.flags & kOpAll) == 0) return Code(Errno::kEACCES);
  return IsolateForMigration(w, t, head) ? kQueued : Code(Errno::kEBUSY);
}

int QueryPage(const World& w, MmId mm, Vpn vpn) {
  const Look look = WalkTo(w, mm, vpn);
  if (!look.mapped) return Code(Errno::kEFAULT);
  if (!look.found) return Code(Errno::kENOENT);
  const Page& folio = w.frames.Head(look.pfn);
  return folio.Has(kPgZero) ? Code(Errno::kEFAULT) : static_cast<int>(folio.node);
}

// One status per page while the call runs; run lengths at the end.
void Compress(Outcome& outcome) {
  std::vector<std::pair<int, std::uint64_t>> runs;
  for (const auto& [node, count] : outcome.nodes) {
    if (!runs.empty() && runs.back().first == node) {
      runs.back().second += count;
    } else {
      runs.emplace_back(node, count);
    }
  }
  outcome.nodes = std::move(runs);
}

Next Answer(Task& t, std::uint64_t not_moved) {
  Compress(t.outcome);
  Succeed(t, static_cast<std::int64_t>(not_moved));
  return Next::Return();
}

Next Queue(World& w, Task& t, MovePagesFrame& f) {
  for (; f.at < f.pages; ++f.at) {
    const int status = QueuePage(w, t, f.first + f.at);
    if (status == kQueued) continue;
    t.outcome.nodes[f.at].first = status;
    if (t.isolated.empty()) {
      f.start = f.at + 1;
      continue;
    }
    PushMigrate(t, {.node = static_cast<std::uint8_t>(t.op.value)});
    return Next::Call(kFlushed);
  }
  if (t.isolated.empty()) return Answer(t, 0);
  f.last_flush = true;
  PushMigrate(t, {.node = static_cast<std::uint8_t>(t.op.value)});
  return Next::Call(kFlushed);
}

// move_pages_and_store_status().
Next Flushed(World&, Task& t, MovePagesFrame& f) {
  if (t.value > 0) {
    // What failed, and everything from here on; the page that caused the flush has its code.
    const auto failed = static_cast<std::uint64_t>(t.value) + (f.pages - f.at);
    return Answer(t, f.last_flush ? failed : failed - 1);
  }
  for (std::uint64_t i = f.start; i < f.at; ++i) {
    t.outcome.nodes[i].first = static_cast<int>(t.op.value);
  }
  if (f.last_flush) return Answer(t, 0);
  f.start = ++f.at;
  return Next::Goto(kQueue);
}

constexpr Step kSteps[] = {
    StepOf<MovePagesFrame, &Queue>("queue", kTouchVma | kTouchPte | kTouchFolio),
    StepOf<MovePagesFrame, &Flushed>("flushed", kTouchNothing),
};

}  // namespace

const Path kMovePagesPath = {"move_pages", "mm/migrate.c do_pages_move()", kSteps};

void Start_migrate(World& w, Task& t) {
  const Vpn first = VpnOf(w, t.op.start);
  const std::uint64_t pages = PageAlignUp(w, t.op.length) / PageSize(w);
  t.outcome.nodes.assign(pages, {kNodeNotWritten, 1});
  if (w.config.numa_nodes == 0) {
    Compress(t.outcome);
    Fail(t, Errno::kENOSYS);
    t.outcome.ret = -1;
    return;
  }
  if ((t.op.flags & kOpQuery) != 0) {
    for (std::uint64_t i = 0; i < pages; ++i) {
      t.outcome.nodes[i].first = QueryPage(w, t.mm, first + i);
    }
    Answer(t, 0);
    return;
  }
  if (pages != 0 && t.op.value >= w.config.numa_nodes) {
    Compress(t.outcome);
    Fail(t, Errno::kENODEV);
    t.outcome.ret = -1;
    return;
  }
  t.isolated.clear();
  MovePagesFrame& f = PushPath<MovePagesFrame>(t, PathOf::k_move_pages);
  f.first = first;
  f.pages = pages;
}

}  // namespace uffdsim

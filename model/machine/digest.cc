// What counts, field by field of World:
//
//   arch, steps          not: the same all through one exploration.
//   config               counts: `sysfs` changes it.
//   frames               counts as far as something refers to a frame, plus how many are in use
//                        without that. Free lists, frame numbers and "was ever large" do not: which
//                        number the next allocation gets is not observable.
//   contents             counts through the frames, as bytes.
//   swap                 on/off, slots in use and their states; slot numbers and free lists do not.
//   huge_pools           count. huge_zero: whether it exists (its first use allocates).
//   mms                  counts: VMAs, tables (which exist, too: a fault in a range without a table
//                        may make a huge page) and words. Not next_anon_vma: only equality of
//                        anon_vma matters. Of a dead process, that it is dead.
//   files                counts as far as mapped or named by a memfd; others were dropped.
//   contexts             counts as far as open, registered, slept in or named; the rest can never
//                        be reached again.
//   tasks                the sleeping ones, oldest first: their age decides who wakes first. Tags
//                        count as an order only; frames of the stack as bytes (Task::Push).
//   ksm                  counts. reserve_maps: through the VMAs. pinned: counts, by handle.
//   open_migrations      count: folios that are between two frames.
//   stage2s, tlbs        count: stale translations are states.
//   listener, choices    not state.
#include "model/machine/digest.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "model/mm/entry.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kEndOfList = 0x6c696e65656e6421ULL;
constexpr std::uint64_t kNowhere = 0x6e6f776800000000ULL;

template <class T>
std::uint64_t Value(T value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

void Digester::Put(std::uint64_t value) { words_.push_back(value); }

void Digester::PutText(std::string_view text) {
  Put(text.size());
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t k = 0; k < 8 && i + k < text.size(); ++k) {
      word |= std::uint64_t{static_cast<unsigned char>(text[i + k])} << (8 * k);
    }
    Put(word);
  }
}

std::uint64_t Digester::ContextNumber(CtxId ctx) {
  if (ctx == CtxId(0)) return 0;
  std::uint32_t& number = context_number_[ctx.value];
  if (number == 0) {
    contexts_.push_back(ctx);
    number = static_cast<std::uint32_t>(contexts_.size());
  }
  return number;
}

// A frame by its number; what it is follows where it is met for the first time. A large folio is
// numbered as a whole.
void Digester::PutFrame(Pfn pfn) {
  if (pfn == Frames::kZeroPage) return Put(0);
  // Only a defective kernel writes an entry that names no frame.
  if (pfn.value >= w_->frames.size()) return Put(kNowhere | pfn.value);
  if (frame_number_[pfn.value] != 0) return Put(frame_number_[pfn.value]);
  const Pfn head = w_->frames.HeadOf(pfn);
  const std::uint32_t count = w_->frames.Count(head);
  for (std::uint32_t i = 0; i < count; ++i) frame_number_[head.value + i] = ++frames_;
  Put(frame_number_[pfn.value]);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Page& page = w_->frames[head + i];
    Put(Value(page.flags) << 32 | Value(static_cast<std::uint32_t>(page.mapcount)));
    Put(w_->contents.Fingerprint(page.content));
    Put(page.index);
    Put(Value(page.pins) << 32 | Value(page.refs) << 16 | Value(page.order) << 8 | page.node);
    PutFile(page.file);
    if (page.Has(kPgSwapCache)) PutSlot(page.swap_slot);
  }
}

void Digester::PutSlot(SwapSlot slot) {
  if (slot.value >= w_->swap.size()) return Put(kNowhere | slot.value);
  if (slot_number_[slot.value] != 0) return Put(slot_number_[slot.value]);
  slot_number_[slot.value] = ++slots_;
  const SwapDevice::Slot& s = w_->swap[slot];
  Put(slot_number_[slot.value]);
  Put(Value(s.count) << 2 | Value(s.written) << 1 | Value(s.bad));
  Put(w_->contents.Fingerprint(s.content));
  PutFrame(s.cache);
}

void Digester::PutFile(FileId id) {
  if (id == FileId(0)) return Put(0);
  if (file_number_[id.value] != 0) return Put(file_number_[id.value]);
  file_number_[id.value] = ++files_;
  const File& file = w_->files[id.value];
  Put(file_number_[id.value]);
  // A memfd is named by its number.
  Put(Value(file.kind) | Value(file.hstate) << 4 | Value(file.memfd ? id.value : 0) << 8);
  Put(file.size);
  file.cache.ForEach(0, ~std::size_t{0}, [&](std::size_t index, CacheSlot slot) {
    Put(Value(index) << 8 | Value(slot.is_swap() ? slot.order() + 2U : 1U));
    if (slot.is_swap()) {
      PutSlot(slot.swap());
    } else {
      PutFrame(slot.pfn());
    }
  });
  for (const std::uint64_t index : file.reserve_map.entries()) Put(index);
  Put(kEndOfList);
}

void Digester::PutEntry(Form form, Word word) {
  const Arch& arch = *w_->arch;
  const EntryKind kind = Classify(arch, form, word);
  switch (kind) {
    case EntryKind::kNone: Put(word); return;
    case EntryKind::kPresent: {
      const PfnField& pfn = arch.layout().form[static_cast<std::size_t>(form)].pfn;
      Put(word & ~(pfn.mask | pfn.high_mask));
      PutFrame(arch.PfnOf(form, word));
      return;
    }
    case EntryKind::kSwap:
    case EntryKind::kMigrationRead:
    case EntryKind::kMigrationReadExclusive:
    case EntryKind::kMigrationWrite:
    case EntryKind::kDevicePrivateRead:
    case EntryKind::kDevicePrivateWrite:
    case EntryKind::kDeviceExclusive:
    case EntryKind::kHwPoison:
    case EntryKind::kMarker: break;
  }
  const SwpEntry entry = arch.SwpDecode(form, word);
  Put(Value(entry.type) << 3 | Value(arch.SwpUffd(form, word)) << 2 |
      Value(arch.SwpSoftDirty(form, word)) << 1 |
      Value(form == Form::kPte && arch.SwpExclusive(word)));
  if (kind == EntryKind::kMarker) return Put(entry.offset);
  if (kind == EntryKind::kSwap) return PutSlot(SwapSlotOf(arch, word));
  Put(entry.offset >> arch.SwpPfnBits());  // young and dirty of a migration entry
  PutFrame(SoftleafPfn(arch, form, word));
}

void Digester::PutVma(const Vma& vma) {
  Put(vma.start.value);
  Put(vma.end.value);
  Put(vma.flags);
  Put(vma.page_prot);
  Put(vma.pgoff.value);
  const auto known = std::find(anon_vmas_.begin(), anon_vmas_.end(), vma.anon_vma);
  Put(Value(vma.policy) << 32 | Value(vma.anon_vma_shared) << 31 |
      Value(vma.huge_pages_stolen) << 30 | Value(known - anon_vmas_.begin()));
  if (known == anon_vmas_.end()) anon_vmas_.push_back(vma.anon_vma);
  PutFile(vma.file);
  Put(ContextNumber(vma.ctx));
  Put(Value(vma.hstate) << 1 | Value(vma.reserve_map != 0));
  if (vma.reserve_map == 0) return;
  for (const std::uint64_t index : w_->reserve_maps[vma.reserve_map].entries()) Put(index);
  Put(kEndOfList);
}

void Digester::PutMm(MmId id) {
  const Mm& mm = w_->mm(id);
  Put(mm.alive ? 1 : 0);
  if (!mm.alive) return;
  Put(Value(mm.parent.value) << 32 | Value(mm.mmap_readers) << 16 | mm.vma_readers);
  Put(mm.numa_spun_ms);
  Put(mm.mmap_writer == TaskId(0) ? 0 : TaskNumber(mm.mmap_writer));
  anon_vmas_.assign(1, 0);
  for (const Vma& vma : mm.vmas.list()) PutVma(vma);
  Put(kEndOfList);
  mm.table.ForEach([&](int level, Vpn vpn) { Put(vpn.value << 4 | Value(level) << 1); },
                   [&](int level, Vpn vpn, Word word) {
                     Put(vpn.value << 4 | Value(level) << 1 | 1);
                     const Vma* vma = level == 0 ? nullptr : mm.vmas.Find(vpn);
                     if (vma != nullptr && vma->Hugetlb()) {
                       PutEntry(Form::kPte, w_->arch->HugetlbLoad(SizeOf(vma->hstate), word));
                     } else {
                       PutEntry(level == 0 ? Form::kPte : Form::kPmd, word);
                     }
                   });
  Put(kEndOfList);
}

void Digester::PutConfig() {
  const WorldConfig& c = w_->config;
  Put(Value(c.thp) | Value(c.shmem_thp) << 4 | Value(c.use_zero_page) << 8 |
      Value(c.numa_balancing) << 9 | Value(c.proc_mem_forces) << 10 |
      Value(c.user_can_ptrace) << 11 | Value(c.fault_around) << 12 |
      Value(c.guest_memfd_uffd) << 13 | Value(c.caches_translations) << 14 |
      Value(c.numa_nodes) << 16);
  for (const HugePool& pool : w_->huge_pools) {
    Put(Value(pool.total) << 32 | pool.free);
    Put(pool.reserved);
  }
  Put(Value(w_->huge_zero != Pfn(0)) << 1 | Value(w_->swap.on()));
}

void Digester::PutMessage(const Message& message) {
  Put(Value(message.type) | Value(message.has_ptid) << 8 | ContextNumber(message.child_ctx) << 16);
  Put(message.address);
  Put(message.to);
  Put(message.length);
  Put(message.flags);
}

// Contexts that have a number; numbering one may number its parent, so the list grows meanwhile.
void Digester::PutContexts() {
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    const Context& ctx = w_->ctx(contexts_[i]);
    Put(Value(ctx.open) | Value(ctx.initialised) << 1 | Value(ctx.released) << 2 |
        Value(ctx.user_mode_only) << 3 | Value(ctx.auto_resolve) << 4 | Value(ctx.mm.value) << 16 |
        Value(ctx.mmap_changing) << 32);
    Put(ctx.features);
    for (const Context::Waiter& waiter : ctx.faults) {
      Put(TaskNumber(waiter.task) << 1 | Value(waiter.read));
      Put(waiter.address);
      Put(waiter.flags);
    }
    Put(kEndOfList);
    for (const Context::PendingEvent& event : ctx.events) {
      Put(TaskNumber(event.task));
      PutMessage(event.message);
    }
    Put(kEndOfList);
  }
}

void Digester::NumberTasks() {
  tasks_.clear();
  for (const Task& t : w_->tasks) {
    if (t.state == Task::State::kRunnable || t.state == Task::State::kAsleep) {
      tasks_.push_back(t.id);
    }
  }
  std::sort(tasks_.begin(), tasks_.end(),
            [&](TaskId a, TaskId b) { return w_->tasks[a.value].tag < w_->tasks[b.value].tag; });
  task_number_.assign(w_->tasks.size(), 0);
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    task_number_[tasks_[i].value] = static_cast<std::uint32_t>(i + 1);
  }
}

void Digester::PutOperation(const Operation& op) {
  Put(Value(op.code) | Value(op.process.value) << 16 | Value(op.target.value) << 32);
  Put(op.start);
  Put(op.length);
  Put(op.start2);
  Put(op.length2);
  Put(op.value);
  Put(op.mode);
  Put(Value(op.flags) << 32 | Value(op.prot) << 16 | Value(op.map_kind) << 8 | Value(op.advice));
  Put(Value(op.pin) << 32 | Value(op.file.value) << 1 | Value(op.copy_from_memory));
  Put(ContextNumber(op.ctx));
  PutText(op.text);
}

void Digester::PutIsolated(const std::vector<Task::Isolated>& folios) {
  for (const Task::Isolated& isolated : folios) {
    PutFrame(isolated.from);
    PutFrame(isolated.to);
    Put(Value(isolated.unmapped));
  }
  Put(kEndOfList);
}

void Digester::PutTask(const Task& t) {
  Put(Value(t.mm.value) | Value(t.state) << 16 | Value(t.depth) << 24 | Value(t.sleep) << 32 |
      Value(t.held) << 40);
  Put(ContextNumber(t.sleep_ctx));
  Put(Value(t.fault) << 32 | Value(static_cast<std::uint32_t>(t.error)));
  Put(Value(t.value));
  PutOperation(t.op);
  PutIsolated(t.isolated);
  for (const Task::Announcement& a : t.announcements) {
    Put(ContextNumber(a.ctx) << 1 | Value(a.late));
    PutMessage(a.message);
  }
  Put(kEndOfList);
  for (std::uint8_t i = 0; i < t.depth; ++i) {
    const Frame& frame = t.stack[i];
    Put(Value(frame.path) << 24 | Value(frame.step) << 16 | frame.bytes);
    PutText({reinterpret_cast<const char*>(frame.data.data()), frame.bytes});
  }
}

void Digester::PutTasks() {
  for (const TaskId id : tasks_) PutTask(w_->tasks[id.value]);
  Put(kEndOfList);
}

void Digester::PutKsm() {
  for (const KsmState::Slot& slot : w_->ksm.slots) {
    Put(slot.mm.value);
    for (const KsmState::Item& item : slot.items) {
      Put(item.vpn.value);
      Put(item.has_checksum ? w_->contents.Fingerprint(item.checksum) : 0);
      Put(Value(item.has_checksum) | Value(item.age) << 8 | Value(item.skips) << 16);
      PutFrame(item.stable);
    }
    Put(kEndOfList);
  }
  Put(kEndOfList);
  for (const KsmState::Candidate& candidate : w_->ksm.unstable) {
    Put(w_->contents.Fingerprint(candidate.content));
    Put(candidate.mm.value);
    Put(candidate.vpn.value);
  }
  Put(kEndOfList);
  for (const Pfn pfn : w_->ksm.stable) PutFrame(pfn);
  Put(kEndOfList);
}

void Digester::PutRest() {
  PutIsolated(w_->open_migrations);
  for (const PinnedBuffer& buffer : w_->pinned) {
    if (buffer.holders.empty()) continue;
    Put(buffer.handle);
    for (const MmId holder : buffer.holders) Put(holder.value);
    Put(kEndOfList);
    for (const Pfn pfn : buffer.frames) PutFrame(pfn);
    Put(kEndOfList);
  }
  for (const Stage2& stage2 : w_->stage2s) {
    Put(stage2.mm().value);
    Put(stage2.base().value);
    for (std::uint64_t g = 0; g < stage2.pages(); ++g) Put(stage2.words()[g]);
  }
  for (const Tlb& tlb : w_->tlbs) {
    for (const Tlb::Entry& entry : tlb.entries()) {
      Put(Value(entry.mm.value) << 1 | Value(entry.writable));
      Put(entry.vpn.value);
      PutFrame(entry.pfn);
    }
    Put(kEndOfList);
  }
}

void Digester::Begin(const World& world, std::span<const CtxId> named) {
  w_ = &world;
  words_.clear();
  frame_number_.assign(world.frames.size(), 0);
  slot_number_.assign(world.swap.size(), 0);
  file_number_.assign(world.files.size(), 0);
  context_number_.assign(world.contexts.size(), 0);
  contexts_.clear();
  frames_ = slots_ = files_ = 0;
  NumberTasks();
  for (const CtxId ctx : named) Put(ContextNumber(ctx));
  PutConfig();
  for (std::size_t m = 0; m < world.mms.size(); ++m) PutMm(MmId(static_cast<std::uint16_t>(m)));
  for (std::size_t f = 1; f < world.files.size(); ++f) {
    if (world.files[f].memfd) PutFile(FileId(static_cast<std::uint16_t>(f)));
  }
  PutTasks();
  PutKsm();
  PutRest();
}

Digest Digester::Finish() {
  for (std::size_t c = 1; c < w_->contexts.size(); ++c) {
    if (w_->contexts[c].open) ContextNumber(CtxId(static_cast<std::uint16_t>(c)));
  }
  PutContexts();
  Put(w_->frames.allocated() - frames_);
  Put(w_->swap.used() - slots_);
  const XXH128_hash_t hash = XXH3_128bits(words_.data(), words_.size() * sizeof(words_[0]));
  return {hash.high64, hash.low64};
}

}  // namespace uffdsim

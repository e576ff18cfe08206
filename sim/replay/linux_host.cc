#include "sim/replay/linux_host.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/base/check.h"
#include "model/path/rmap.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

struct ApiOf {
  std::uint64_t features;
  std::uint64_t mode;
};

ApiOf Api(Registration registration) {
  ApiOf api{kFeatureMissingShmem, kModeMissing};
  switch (registration) {
    case Registration::kMissing: return api;
    case Registration::kMinorAnon:
      api.features = kFeatureRwp | kFeatureRwpAsync;
      api.mode |= kModeRwp;
      return api;
    case Registration::kMinor:
      api.features |= kFeatureMinorShmem;
      api.mode |= kModeMinor;
      return api;
    case Registration::kRwp:
      api.features |= kFeatureRwp | kFeatureRwpAsync;
      api.mode |= kModeRwp;
      return api;
    case Registration::kRwpSync:
      api.features |= kFeatureRwp;
      api.mode |= kModeRwp;
      return api;
    case Registration::kRwpMinor:
      api.features |= kFeatureRwp | kFeatureRwpAsync | kFeatureMinorShmem;
      api.mode |= kModeRwp | kModeMinor;
      return api;
    case Registration::kWpAsyncMinor:
      api.features |= kFeatureWpAsync | kFeatureWpHugetlbfsShmem | kFeatureMinorShmem;
      api.mode |= kModeWp | kModeMinor;
      return api;
  }
  return api;
}

MachineConfig MachineOf(const HostSetting& setting) {
  MachineConfig config;
  config.arch = setting.arch;
  config.steps = setting.steps;
  config.hugetlb_pages = 0;
  config.numa_nodes = 1;
  config.content_mode = ContentMode::kTokens;
  return config;
}

}  // namespace

LinuxHost::LinuxHost(const HostSetting& setting, Store& store, Truth& truth, Ledger& ledger)
    : set_(setting),
      machine_(MachineOf(setting)),
      store_(store),
      truth_(truth),
      ledger_(ledger),
      read_ahead_(setting.guest_pages) {
  page_shift_ = setting.arch->geometry().page_shift;
  table_shift_ = setting.arch->geometry().bits[0];
  base_ = Vpn(kGuestAddress >> page_shift_);
  const std::size_t tables = (std::size_t{setting.guest_pages} >> table_shift_) + 1;
  table_resident_ = LazyArray<std::uint16_t>(tables);
  table_exists_ = LazyArray<std::uint8_t>(tables);
}

absl::StatusOr<std::unique_ptr<LinuxHost>> LinuxHost::Create(const HostSetting& setting,
                                                             Store& store, Truth& truth,
                                                             Ledger& ledger) {
  std::unique_ptr<LinuxHost> host(new LinuxHost(setting, store, truth, ledger));
  const absl::Status status = host->SetUp();
  if (!status.ok()) return status;
  return host;
}

absl::Status LinuxHost::Do(const Operation& op, const char* what) {
  const Outcome outcome = machine_.Perform(op, 0);
  if (outcome.status == Outcome::Status::kOk) return absl::OkStatus();
  const std::string reason = outcome.status == Outcome::Status::kError
                                 ? std::string(ErrnoName(outcome.error))
                                 : outcome.reason;
  return absl::InvalidArgumentError(absl::StrCat("architecture ", std::string(set_.arch->name()),
                                                 ": ", what, " failed with ", reason,
                                                 "; choose another --arch or --tracker"));
}

absl::Status LinuxHost::SetUp() {
  const std::uint64_t bytes = BytesOf(set_.guest_pages);
  const std::uint64_t gap = bytes + (1ULL << 30);
  Operation op;
  op.file = file_;
  op.ctx = ctx_;
  op.start = kGuestAddress;
  op.length = bytes;
  op.prot = kProtRead | kProtWrite;
  op.map_kind = Anonymous() ? MapKind::kAnon : MapKind::kFileShared;

  absl::Status status;
  const auto run = [&](OpCode code, const char* what) {
    op.code = code;
    if (status.ok()) status = Do(op, what);
  };
  op.start = 0;
  if (!Anonymous()) run(OpCode::k_memfd, "memfd_create()");
  op.start = kGuestAddress;
  run(OpCode::k_map, "mapping guest memory");
  op.start = kGuestAddress + gap;
  if (!Anonymous()) run(OpCode::k_map, "mapping the io view");
  op.start = kGuestAddress;
  const ApiOf api = Api(set_.registration);
  op.features = api.features;
  run(OpCode::k_uffd, "UFFDIO_API");
  op.mode = api.mode;
  run(OpCode::k_register, "UFFDIO_REGISTER");
  if (!status.ok()) return status;
  World& w = machine_.world();
  w.stage2s.emplace_back(MmId(0), base_, set_.guest_pages);
  w.frames.Reserve(set_.limit_pages + 1);
  return absl::OkStatus();
}

std::uint64_t LinuxHost::AddressOf(PageId page) const {
  return kGuestAddress + (std::uint64_t{page} << page_shift_);
}

std::uint64_t LinuxHost::BytesOf(std::uint32_t pages) const {
  return std::uint64_t{pages} << page_shift_;
}

Pfn LinuxHost::FrameOf(PageId page) const {
  const World& w = machine_.world();
  if (!Anonymous()) {
    const CacheSlot slot = w.files[file_.value].cache.Get(page);
    return slot.is_frame() ? slot.pfn() : Pfn(0);
  }
  const Word pte = w.mm(MmId(0)).table.GetPte(base_ + page);
  const bool there = !w.arch->None(Form::kPte, pte) && w.arch->Present(Form::kPte, pte);
  return there ? w.arch->PfnOf(Form::kPte, pte) : Pfn(0);
}

std::uint64_t LinuxHost::ResidentIn(PageRange range) const {
  const std::uint64_t last = std::uint64_t{range.first} + range.count;
  const std::uint64_t table = 1ULL << table_shift_;
  std::uint64_t pages = 0;
  for (std::uint64_t page = range.first; page < last;) {
    if (page % table == 0 && page + table <= last) {
      pages += table_resident_[page >> table_shift_];
      page += table;
    } else {
      pages += IsResident(static_cast<PageId>(page)) ? 1 : 0;
      ++page;
    }
  }
  return pages;
}

void LinuxHost::NoteTable(PageId page) {
  const std::size_t table = page >> table_shift_;
  if (table_exists_[table] != 0) return;
  table_exists_[table] = 1;
  table_pages_ += 1ULL << table_shift_;
}

void LinuxHost::AfterFill(PageId page, Digest digest) {
  ledger_.OnFill(page, digest, store_.Token(page));
  NoteTable(page);
  ++table_resident_[page >> table_shift_];
  counters_.resident_max = std::max(counters_.resident_max, ++resident_);

  std::uint32_t& word = stage2().words()[page];
  const Truth::Refault back = truth_.ComeBack(word >> Stage2::kCookieShift);
  word = back.last << Stage2::kCookieShift;
  if (!back.refault) return;
  ++counters_.refetched;
  if (back.intervals <= set_.false_cold_intervals) ++counters_.false_cold;
  refault_distances_.Add(back.distance);
}

Errno LinuxHost::Copy(VmmThread& by, PageId page, Digest digest) {
  by.Work(set_.costs.syscall_ps + set_.costs.copy_page_ps);
  const Errno error = UffdCopyPage(machine_.world(), ctx_, AddressOf(page), digest, 0);
  if (error == Errno::kOk) AfterFill(page, digest);
  return error;
}

Errno LinuxHost::Zeropage(VmmThread& by, PageId page) {
  if (Anonymous()) return Copy(by, page, 0);
  by.Work(set_.costs.syscall_ps + set_.costs.zeropage_page_ps);
  World& w = machine_.world();
  bool field = false;
  Errno error = FillCheck(w, ctx_, FillOp::kZeropage, AddressOf(page), BytesOf(1), 0, 0, &field);
  if (error == Errno::kOk) error = FillPage(w, ctx_, FillOp::kZeropage, base_ + page, 0, 0);
  if (error != Errno::kOk) return error;
  AfterFill(page, 0);
  return UffdWake(w, ctx_, AddressOf(page), BytesOf(1));
}

Errno LinuxHost::Continue(VmmThread& by, PageId page) {
  by.Work(set_.costs.syscall_ps + set_.costs.continue_page_ps);
  World& w = machine_.world();
  bool field = false;
  Errno error = FillCheck(w, ctx_, FillOp::kContinue, AddressOf(page), BytesOf(1), 0, 0, &field);
  if (error == Errno::kOk) error = FillPage(w, ctx_, FillOp::kContinue, base_ + page, 0, 0);
  if (error != Errno::kOk) return error;
  ++counters_.pages_resolved;
  return UffdWake(w, ctx_, AddressOf(page), BytesOf(1));
}

Errno LinuxHost::Wake(VmmThread& by, PageRange range) {
  by.Work(set_.costs.syscall_ps + set_.costs.wake_ps);
  return UffdWake(machine_.world(), ctx_, AddressOf(range.first), BytesOf(range.count));
}

std::optional<FaultMessage> LinuxHost::ReadMessage(VmmThread& by) {
  for (Context::Waiter& waiter : machine_.world().ctx(ctx_).faults) {
    if (waiter.read) continue;
    waiter.read = true;
    ++counters_.messages;
    by.Work(set_.costs.message_read_ps);
    FaultMessage message;
    message.page = static_cast<PageId>((waiter.address - kGuestAddress) >> page_shift_);
    if ((waiter.flags & kFaultFlagRwp) != 0) message.kind = FaultKind::kRwp;
    if ((waiter.flags & kFaultFlagMinor) != 0) message.kind = FaultKind::kMinor;
    return message;
  }
  return std::nullopt;
}

Digest LinuxHost::HashPage(VmmThread& by, PageId page) {
  by.Work(set_.costs.syscall_ps + set_.costs.memcpy_page_ps + set_.costs.hash_page_ps);
  ++counters_.pages_hashed;
  World& w = machine_.world();
  const Pfn frame = FrameOf(page);
  return frame == Pfn(0) ? 0 : LookAtContent(w, frame);
}

void LinuxHost::BeforeDrop(PageId page) {
  const Pfn frame = FrameOf(page);
  if (frame == Pfn(0)) return;
  ledger_.OnDrop(page, machine_.world().frames[frame].content, store_.Token(page));
  --table_resident_[page >> table_shift_];
  --resident_;
  if (read_ahead_.Has(page)) {
    read_ahead_.Remove({page, 1});
    ++counters_.read_ahead_wasted;
  }
  std::uint32_t& word = stage2().words()[page];
  // The notifier of the punch removes the translation; the upper bits become the shadow.
  const Truth::Cookie shadow = truth_.Evict(word >> Stage2::kCookieShift);
  word = (word & Stage2::kModelMask) | shadow << Stage2::kCookieShift;
}

Errno LinuxHost::Punch(VmmThread& by, PageRange range) {
  const std::uint64_t page_ps = Anonymous() ? set_.costs.unmap_page_ps : set_.costs.punch_page_ps;
  std::uint64_t ps = set_.costs.syscall_ps + range.count * page_ps;
  if (!Anonymous()) ps += set_.costs.punch_call_ps;
  bool mapped = false;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    mapped |= (stage2().words()[range.first + i] & Stage2::kReadable) != 0;
    BeforeDrop(range.first + i);
  }
  if (mapped) ps += set_.costs.stage2_flush_ps;
  by.Work(ps);
  World& w = machine_.world();
  if (Anonymous()) {
    const Vpn first = base_ + range.first;
    ZapRange(w, MmId(0), *w.mm(MmId(0)).vmas.Find(first), first, first + range.count,
             ZapMarkers::kKeep, Cause::kZap);
  } else {
    PunchFile(w, file_, range.first, std::uint64_t{range.first} + range.count);
  }
  return Errno::kOk;
}

DeviceReply LinuxHost::WriteOut(VmmThread& by, PageId page, Digest digest) {
  by.Work(set_.costs.syscall_ps);
  const StoreReply reply = store_.Write(by.now_ns(), page, digest);
  return {reply.completion_ns, reply.result == StoreResult::kDone, true, digest};
}

DeviceReply LinuxHost::Fetch(VmmThread& by, PageId page, Wanted wanted) {
  if (!store_.Holds(page)) return {by.now_ns(), true, false, 0};  // the VMM's own index says so
  by.Work(set_.costs.syscall_ps);
  if (wanted == Wanted::kAhead) {
    read_ahead_.Add(page);
    ++counters_.read_ahead;
  }
  const StoreReply reply = store_.Read(by.now_ns(), page);
  return {reply.completion_ns, reply.result == StoreResult::kDone, true, reply.token};
}

}  // namespace uffdsim

#include "sim/replay/linux_host.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/base/check.h"
#include "model/path/pagemap_scan.h"
#include "model/path/rmap.h"
#include "model/path/uffd_ioctl.h"
#include "model/path/zap.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kBaseAddress = 1ULL << 32;
constexpr std::uint64_t kRegionsPerScan = 4096;

MachineConfig MachineOf(const HostSetting& setting) {
  MachineConfig config;
  config.arch = setting.arch;
  config.profile = setting.profile;
  config.hugetlb_pages = 0;
  config.numa_nodes = 1;
  config.content_mode = ContentMode::kTokens;
  return config;
}

}  // namespace

LinuxHost::LinuxHost(const HostSetting& setting, Store& store, Truth& truth, Ledger& ledger)
    : set_(setting), machine_(MachineOf(setting)), store_(store), truth_(truth), ledger_(ledger) {
  page_shift_ = setting.arch->geometry().page_shift;
  table_shift_ = setting.arch->geometry().bits[0];
  base_ = Vpn(kBaseAddress >> page_shift_);
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
  op.start = kBaseAddress;
  op.length = bytes;
  op.prot = kProtRead | kProtWrite;
  op.map_kind = MapKind::kFileShared;

  absl::Status status;
  const auto run = [&](OpCode code, const char* what) {
    op.code = code;
    if (status.ok()) status = Do(op, what);
  };
  op.start = 0;
  run(OpCode::k_memfd, "memfd_create()");
  op.start = kBaseAddress;
  run(OpCode::k_map, "mapping guest memory");
  op.start = kBaseAddress + gap;
  run(OpCode::k_map, "mapping the io view");
  op.start = kBaseAddress;
  const bool rwp = set_.arming == Arming::kRequired;
  op.features = rwp ? std::uint64_t{kFeatureRwp | kFeatureRwpAsync | kFeatureMissingShmem}
                    : std::uint64_t{kFeatureMissingShmem};
  run(OpCode::k_uffd, "UFFDIO_API with RWP");
  op.mode = rwp ? std::uint64_t{kModeMissing | kModeRwp} : std::uint64_t{kModeMissing};
  run(OpCode::k_register, "UFFDIO_REGISTER");
  if (!status.ok()) return status;
  World& w = machine_.world();
  w.stage2s.emplace_back(MmId(0), base_, set_.guest_pages);
  w.frames.Reserve(set_.limit_pages + 1);
  return absl::OkStatus();
}

std::uint64_t LinuxHost::AddressOf(PageId page) const {
  return kBaseAddress + (std::uint64_t{page} << page_shift_);
}

std::uint64_t LinuxHost::BytesOf(std::uint32_t pages) const {
  return std::uint64_t{pages} << page_shift_;
}

std::uint64_t LinuxHost::ResidentIn(PageRange range) const {
  const std::uint64_t last = std::uint64_t{range.first} + range.count;
  const std::uint64_t table = 1ULL << table_shift_;
  const File& file = machine_.world().files[file_.value];
  std::uint64_t pages = 0;
  for (std::uint64_t page = range.first; page < last;) {
    if (page % table == 0 && page + table <= last) {
      pages += table_resident_[page >> table_shift_];
      page += table;
    } else {
      pages += file.cache.Get(page).empty() ? 0 : 1;
      ++page;
    }
  }
  return pages;
}

Errno LinuxHost::Rwprotect(VmmThread& by, PageRange range, Protect protect) {
  const std::uint64_t present = ResidentIn(range);
  const bool arm = protect == Protect::kArm;
  const Errno error = UffdRwprotect(machine_.world(), ctx_, AddressOf(range.first),
                                    BytesOf(range.count), arm ? kProtectOn : 0);
  std::uint64_t ps = set_.costs.syscall_ps + present * set_.costs.rwprotect_page_ps;
  if (present != 0) ps += set_.costs.stage2_flush_ps;
  if (present != 0 && arm) ps += set_.costs.tlb_flush_ps;
  by.Work(ps);
  if (arm) {
    // Without entries there is nothing to invalidate, so nobody waits.
    if (present != 0) {
      arming_ = range;
      arming_until_ns_ = by.now_ns();
    }
    counters_.pages_armed += present;
  } else {
    counters_.pages_resolved += present;
  }
  return error;
}

Errno LinuxHost::SetMode(VmmThread& by, RwpMode mode) {
  const bool async = mode == RwpMode::kAsync;
  by.Work(set_.costs.syscall_ps + set_.costs.set_mode_ps);
  ++counters_.mode_switches;
  return UffdSetMode(machine_.world(), ctx_, async ? std::uint64_t{kFeatureRwpAsync} : 0,
                     async ? 0 : std::uint64_t{kFeatureRwpAsync});
}

void LinuxHost::AfterFill(PageId page, Digest digest) {
  ledger_.OnFill(page, digest, store_.Token(page));
  const std::size_t table = page >> table_shift_;
  if (table_exists_[table] == 0) {
    table_exists_[table] = 1;
    table_pages_ += 1ULL << table_shift_;
  }
  ++table_resident_[table];
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
  by.Work(set_.costs.syscall_ps + set_.costs.zeropage_page_ps);
  World& w = machine_.world();
  bool field = false;
  Errno error = FillCheck(w, ctx_, FillOp::kZeropage, AddressOf(page), BytesOf(1), 0, 0, &field);
  if (error == Errno::kOk) error = FillPage(w, ctx_, FillOp::kZeropage, base_ + page, 0, 0);
  if (error != Errno::kOk) return error;
  AfterFill(page, 0);
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
    message.page = static_cast<PageId>((waiter.address - kBaseAddress) >> page_shift_);
    if ((waiter.flags & kFaultFlagRwp) != 0) message.kind = FaultKind::kRwp;
    if ((waiter.flags & kFaultFlagMinor) != 0) message.kind = FaultKind::kMinor;
    return message;
  }
  return std::nullopt;
}

void LinuxHost::ScanAccessed(VmmThread& by, std::vector<PageRange>* accessed) {
  World& w = machine_.world();
  ScanArgs args;
  args.category_mask = kPageAccessed;
  args.return_mask = kPageAccessed;
  args.vec_len = kRegionsPerScan;
  const std::uint64_t end = AddressOf(0) + BytesOf(set_.guest_pages);
  std::uint64_t calls = 0;
  for (std::uint64_t at = AddressOf(0); at < end; ++calls) {
    regions_.clear();
    const Errno error = PagemapScan(w, MmId(0), at, end, args, &regions_, &at);
    UFFDSIM_CHECK(error == Errno::kOk);
    for (const ScanRegion& region : regions_) {
      const auto first = static_cast<PageId>((region.start - kBaseAddress) >> page_shift_);
      const auto count = static_cast<std::uint32_t>((region.end - region.start) >> page_shift_);
      accessed->push_back({first, count});
    }
  }
  counters_.pages_scanned += table_pages_;
  by.Work(calls * set_.costs.syscall_ps + table_pages_ * set_.costs.scan_page_ps);
}

Digest LinuxHost::HashPage(VmmThread& by, PageId page) {
  by.Work(set_.costs.syscall_ps + set_.costs.memcpy_page_ps + set_.costs.hash_page_ps);
  ++counters_.pages_hashed;
  World& w = machine_.world();
  const CacheSlot slot = w.file(file_).cache.Get(page);
  return slot.is_frame() ? LookAtContent(w, slot.pfn()) : 0;
}

void LinuxHost::BeforeDrop(PageId page) {
  const World& w = machine_.world();
  const CacheSlot slot = w.files[file_.value].cache.Get(page);
  if (!slot.is_frame()) return;
  ledger_.OnDrop(page, w.frames[slot.pfn()].content, store_.Token(page));
  --table_resident_[page >> table_shift_];
  --resident_;
  std::uint32_t& word = stage2().words()[page];
  // The notifier of the punch removes the translation; the upper bits become the shadow.
  const Truth::Cookie shadow = truth_.Evict(word >> Stage2::kCookieShift);
  word = (word & Stage2::kModelMask) | shadow << Stage2::kCookieShift;
}

Errno LinuxHost::Punch(VmmThread& by, PageRange range) {
  std::uint64_t ps =
      set_.costs.syscall_ps + set_.costs.punch_call_ps + range.count * set_.costs.punch_page_ps;
  bool mapped = false;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    mapped |= (stage2().words()[range.first + i] & Stage2::kReadable) != 0;
    BeforeDrop(range.first + i);
  }
  if (mapped) ps += set_.costs.stage2_flush_ps;
  by.Work(ps);
  PunchFile(machine_.world(), file_, range.first, std::uint64_t{range.first} + range.count);
  return Errno::kOk;
}

DeviceReply LinuxHost::WriteOut(VmmThread& by, PageId page, Digest digest) {
  by.Work(set_.costs.syscall_ps);
  const StoreReply reply = store_.Write(by.now_ns(), page, digest);
  return {reply.completion_ns, reply.result == StoreResult::kDone, true, digest};
}

DeviceReply LinuxHost::Fetch(VmmThread& by, PageId page) {
  if (!store_.Holds(page)) return {by.now_ns(), true, false, 0};  // the VMM's own index says so
  by.Work(set_.costs.syscall_ps);
  const StoreReply reply = store_.Read(by.now_ns(), page);
  return {reply.completion_ns, reply.result == StoreResult::kDone, true, reply.token};
}

}  // namespace uffdsim

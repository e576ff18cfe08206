// Probes of the userfaultfd ioctls, of PAGEMAP_SCAN and of messages.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "sim/calibrate/memory.h"
#include "sim/calibrate/probes.h"
#include "sim/cost/cost_model.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

// A memfd mapped once and registered; its pages exist in the file (kPopulated), are mapped as well
// (kMapped), or are not there (kEmpty).
enum class Pages : std::uint8_t { kEmpty, kPopulated, kMapped };
struct Registered {
  Descriptor memfd;
  MappedMemory mapping;
  Descriptor uffd;
};

absl::StatusOr<Registered> MakeRegistered(const Bench& bench, std::uint64_t features,
                                          std::uint64_t mode, Pages pages) {
  absl::StatusOr<Descriptor> uffd = NewUserfaultfd(features);
  if (!uffd.ok()) return uffd.status();
  absl::StatusOr<Descriptor> memfd = NewMemfd(bench.bytes);
  if (!memfd.ok()) return memfd.status();
  if (pages != Pages::kEmpty) {
    const absl::StatusOr<MappedMemory> io = MapShared(*memfd, bench.bytes);
    if (!io.ok()) return io.status();
    io->WriteEachPage(bench.page_bytes);
  }
  absl::StatusOr<MappedMemory> mapping = MapShared(*memfd, bench.bytes);
  if (!mapping.ok()) return mapping.status();
  if (pages == Pages::kMapped) mapping->WriteEachPage(bench.page_bytes);
  const absl::Status status = RegisterRange(*uffd, *mapping, mode);
  if (!status.ok()) return status;
  return Registered{*std::move(memfd), *std::move(mapping), *std::move(uffd)};
}

double PerPage(const Bench& bench, double ns) { return ns / static_cast<double>(bench.pages()); }
double Less(double ns, double parts) { return std::max(ns - parts, 0.0); }

// One call over the whole mapping, in nanoseconds.
absl::StatusOr<double> TimedCall(const Descriptor& fd, unsigned long request, void* argument,
                                 const char* name) {
  absl::Status status;
  const double ns = TimeNs([&] { status = Call(fd, request, argument, name); });
  if (!status.ok()) return status;
  return ns;
}

absl::StatusOr<double> ProtectAll(const Descriptor& uffd, const MappedMemory& mapping,
                                  unsigned long request, const char* name) {
  uapi::Protect argument{{mapping.address(), mapping.bytes()}, 1};
  return TimedCall(uffd, request, &argument, name);
}

absl::StatusOr<double> ScanAll(const MappedMemory& mapping, std::uint64_t category,
                               std::uint64_t* found_bytes) {
  const Descriptor pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (pagemap.get() < 0) return SystemError("/proc/self/pagemap");
  std::vector<uapi::PageRegion> regions(64);
  uapi::ScanArgument scan{};
  scan.size = sizeof scan;
  scan.start = mapping.address();
  scan.end = mapping.address() + mapping.bytes();
  scan.vector = reinterpret_cast<std::uintptr_t>(regions.data());
  scan.vector_length = regions.size();
  scan.category_mask = category;
  scan.return_mask = category;
  absl::StatusOr<double> ns = TimedCall(pagemap, uapi::kScanCall, &scan, "PAGEMAP_SCAN");
  *found_bytes = 0;
  for (const uapi::PageRegion& region : regions) *found_bytes += region.end - region.start;
  return ns;
}

constexpr std::uint64_t kWpFeatures = uapi::kFeatureWpShmem | uapi::kFeatureWpAsync;
constexpr std::uint64_t kRwpFeatures = uapi::kFeatureRwp | uapi::kFeatureRwpAsync;

// Protects everything, then touches it; the first or the second is asked for.
enum class Half : std::uint8_t { kProtect, kTouch };
absl::StatusOr<double> ProtectAndTouch(const Bench& bench, std::uint64_t features,
                                       std::uint64_t mode, unsigned long request, Half half) {
  const absl::StatusOr<Registered> memory = MakeRegistered(bench, features, mode, Pages::kMapped);
  if (!memory.ok()) return memory.status();
  const absl::StatusOr<double> protect =
      ProtectAll(memory->uffd, memory->mapping, request, "protecting");
  if (!protect.ok() || half == Half::kProtect) {
    return protect.ok() ? absl::StatusOr<double>(PerPage(bench, *protect)) : protect;
  }
  return PerPage(bench, TimeNs([&] { memory->mapping.WriteEachPage(bench.page_bytes); }));
}

// Anonymous memory in huge pages, all of it.
absl::StatusOr<MappedMemory> HugeMapping(const Bench& bench) {
  absl::StatusOr<MappedMemory> mapping = MapHuge(bench.bytes);
  if (!mapping.ok()) return mapping;
  mapping->WriteEachPage(bench.page_bytes);
  std::uint64_t huge_bytes = 0;
  const absl::StatusOr<double> scan = ScanAll(*mapping, uapi::kPageIsHuge, &huge_bytes);
  if (!scan.ok()) return scan.status();
  if (huge_bytes != bench.bytes) return absl::UnimplementedError("no transparent huge pages");
  return mapping;
}

constexpr std::size_t kHugeBytes = std::size_t{2} << 20;

// Waits for a message and reads it; the read's nanoseconds.
absl::StatusOr<double> ReadMessage(const Descriptor& uffd, uapi::Message* message) {
  pollfd ready{uffd.get(), POLLIN, 0};
  constexpr int kPatienceMs = 10'000;
  if (poll(&ready, 1, kPatienceMs) != 1) return SystemError("poll of the userfaultfd");
  ssize_t got = 0;
  const double ns = TimeNs([&] { got = read(uffd.get(), message, sizeof *message); });
  if (got != static_cast<ssize_t>(sizeof *message)) return SystemError("read of the userfaultfd");
  return ns;
}

// Another thread touches pages of empty registered memory; this one reads and copies. Mean of all
// faults: the whole round trip as the toucher sees it, and the read.
struct Trip {
  double round_ns = 0;
  double read_ns = 0;
};
absl::StatusOr<Trip> MissingFaults(const Bench& bench) {
  absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMissingShmem, uapi::kModeMissing, Pages::kEmpty);
  if (!memory.ok()) return memory.status();
  const std::size_t faults = std::min<std::size_t>(bench.pages(), 500);
  std::vector<char> source(bench.page_bytes, 1);
  Trip trip;
  std::thread toucher([&] {
    trip.round_ns = WallNs([&] {
      for (std::size_t i = 0; i < faults; ++i) {
        static_cast<volatile char*>(memory->mapping.at())[i * bench.page_bytes] = 1;
      }
    });
  });
  absl::Status status;
  for (std::size_t i = 0; i < faults && status.ok(); ++i) {
    uapi::Message message{};
    const absl::StatusOr<double> read = ReadMessage(memory->uffd, &message);
    status = read.status();
    if (!status.ok()) break;
    trip.read_ns += *read;
    uapi::Copy copy{message.argument[1] & ~std::uint64_t{bench.page_bytes - 1},
                    reinterpret_cast<std::uintptr_t>(source.data()), bench.page_bytes, 0, 0};
    status = Call(memory->uffd, uapi::kCopyCall, &copy, "UFFDIO_COPY");
  }
  // Closing lets a toucher go that nobody answers any more.
  if (!status.ok()) memory->uffd = Descriptor();
  toucher.join();
  if (!status.ok()) return status;
  trip.round_ns /= static_cast<double>(faults);
  trip.read_ns /= static_cast<double>(faults);
  return trip;
}

}  // namespace

absl::StatusOr<double> ProbeRegisterCall(const Bench& bench) {
  constexpr int kTimes = 50;
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMissingShmem, uapi::kModeMissing, Pages::kPopulated);
  if (!memory.ok()) return memory.status();
  absl::Status status;
  const double ns = TimeNs([&] {
    for (int i = 0; i < kTimes && status.ok(); ++i) {
      uapi::Range range{memory->mapping.address(), memory->mapping.bytes()};
      status = Call(memory->uffd, uapi::kUnregisterCall, &range, "UFFDIO_UNREGISTER");
      if (status.ok()) status = RegisterRange(memory->uffd, memory->mapping, uapi::kModeMissing);
    }
  });
  if (!status.ok()) return status;
  return Less(ns / (2 * kTimes), bench.Found("syscall"));
}

absl::StatusOr<double> ProbeCopyPage(const Bench& bench) {
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMissingShmem, uapi::kModeMissing, Pages::kEmpty);
  if (!memory.ok()) return memory.status();
  const std::vector<char> source(bench.bytes, 1);
  uapi::Copy copy{memory->mapping.address(), reinterpret_cast<std::uintptr_t>(source.data()),
                  bench.bytes, 0, 0};
  const absl::StatusOr<double> ns = TimedCall(memory->uffd, uapi::kCopyCall, &copy, "UFFDIO_COPY");
  if (!ns.ok()) return ns.status();
  return PerPage(bench, *ns);
}

absl::StatusOr<double> ProbeZeropagePage(const Bench& bench) {
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMissingShmem, uapi::kModeMissing, Pages::kEmpty);
  if (!memory.ok()) return memory.status();
  uapi::Fill fill{{memory->mapping.address(), bench.bytes}, 0, 0};
  const absl::StatusOr<double> ns =
      TimedCall(memory->uffd, uapi::kZeropageCall, &fill, "UFFDIO_ZEROPAGE");
  if (!ns.ok()) return ns.status();
  return PerPage(bench, *ns);
}

absl::StatusOr<double> ProbeContinuePage(const Bench& bench) {
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMinorShmem, uapi::kModeMinor, Pages::kPopulated);
  if (!memory.ok()) return memory.status();
  const std::size_t calls = std::min<std::size_t>(bench.pages(), 2048);
  absl::Status status;
  const double ns = TimeNs([&] {
    for (std::size_t i = 0; i < calls && status.ok(); ++i) {
      uapi::Fill fill{{memory->mapping.address() + i * bench.page_bytes, bench.page_bytes}, 0, 0};
      status = Call(memory->uffd, uapi::kContinueCall, &fill, "UFFDIO_CONTINUE");
    }
  });
  if (!status.ok()) return status;
  return Less(ns / static_cast<double>(calls), bench.Found("syscall"));
}

absl::StatusOr<double> ProbeWakeCall(const Bench& bench) {
  constexpr int kTimes = 20'000;
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, uapi::kFeatureMissingShmem, uapi::kModeMissing, Pages::kEmpty);
  if (!memory.ok()) return memory.status();
  absl::Status status;
  const double ns = TimeNs([&] {
    for (int i = 0; i < kTimes && status.ok(); ++i) {
      uapi::Range range{memory->mapping.address(), bench.page_bytes};
      status = Call(memory->uffd, uapi::kWakeCall, &range, "UFFDIO_WAKE");
    }
  });
  if (!status.ok()) return status;
  return Less(ns / kTimes, bench.Found("syscall"));
}

absl::StatusOr<double> ProbeWpPage(const Bench& bench) {
  return ProtectAndTouch(bench, kWpFeatures, uapi::kModeWp, uapi::kWriteprotectCall,
                         Half::kProtect);
}
absl::StatusOr<double> ProbeWpAsyncFault(const Bench& bench) {
  return ProtectAndTouch(bench, kWpFeatures, uapi::kModeWp, uapi::kWriteprotectCall, Half::kTouch);
}
absl::StatusOr<double> ProbeRwprotectPage(const Bench& bench) {
  return ProtectAndTouch(bench, kRwpFeatures, uapi::kModeRwp, uapi::kRwprotectCall, Half::kProtect);
}
absl::StatusOr<double> ProbeRwpAsyncFault(const Bench& bench) {
  return ProtectAndTouch(bench, kRwpFeatures, uapi::kModeRwp, uapi::kRwprotectCall, Half::kTouch);
}

absl::StatusOr<double> ProbeSetModeCall(const Bench& bench) {
  constexpr int kTimes = 2000;
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, kRwpFeatures, uapi::kModeRwp, Pages::kMapped);
  if (!memory.ok()) return memory.status();
  absl::Status status;
  const double ns = TimeNs([&] {
    for (int i = 0; i < kTimes && status.ok(); ++i) {
      uapi::SetMode sync{0, uapi::kFeatureRwpAsync};
      uapi::SetMode async{uapi::kFeatureRwpAsync, 0};
      status = Call(memory->uffd, uapi::kSetModeCall, &sync, "UFFDIO_SET_MODE");
      if (status.ok()) status = Call(memory->uffd, uapi::kSetModeCall, &async, "UFFDIO_SET_MODE");
    }
  });
  if (!status.ok()) return status;
  return Less(ns / (2 * kTimes), bench.Found("syscall"));
}

absl::StatusOr<double> ProbeRwprotectHuge(const Bench& bench) {
  const absl::StatusOr<MappedMemory> mapping = HugeMapping(bench);
  if (!mapping.ok()) return mapping.status();
  const absl::StatusOr<Descriptor> uffd = NewUserfaultfd(uapi::kFeatureWpAsync);
  if (!uffd.ok()) return uffd.status();
  const absl::Status status = RegisterRange(*uffd, *mapping, uapi::kModeWp);
  if (!status.ok()) return status;
  const absl::StatusOr<double> ns =
      ProtectAll(*uffd, *mapping, uapi::kWriteprotectCall, "UFFDIO_WRITEPROTECT");
  if (!ns.ok()) return ns.status();
  return *ns * static_cast<double>(kHugeBytes) / static_cast<double>(bench.bytes);
}

absl::StatusOr<double> ProbeScanPage(const Bench& bench) {
  const absl::StatusOr<Registered> memory =
      MakeRegistered(bench, kWpFeatures, uapi::kModeWp, Pages::kMapped);
  if (!memory.ok()) return memory.status();
  std::uint64_t found_bytes = 0;
  const absl::StatusOr<double> ns = ScanAll(memory->mapping, uapi::kPageIsPresent, &found_bytes);
  if (!ns.ok()) return ns.status();
  return PerPage(bench, *ns);
}

absl::StatusOr<double> ProbeScanHuge(const Bench& bench) {
  const absl::StatusOr<MappedMemory> mapping = HugeMapping(bench);
  if (!mapping.ok()) return mapping.status();
  std::uint64_t found_bytes = 0;
  const absl::StatusOr<double> ns = ScanAll(*mapping, uapi::kPageIsPresent, &found_bytes);
  if (!ns.ok()) return ns.status();
  return *ns * static_cast<double>(kHugeBytes) / static_cast<double>(bench.bytes);
}

absl::StatusOr<double> ProbeMessageRead(const Bench& bench) {
  const absl::StatusOr<Trip> trip = MissingFaults(bench);
  if (!trip.ok()) return trip.status();
  return Less(trip->read_ns, bench.Found("syscall"));
}

absl::StatusOr<double> ProbeRoundTrip(const Bench& bench) {
  const absl::StatusOr<Trip> trip = MissingFaults(bench);
  if (!trip.ok()) return trip.status();
  // Queueing and going to sleep cannot be told apart from waking; its default is taken.
  const double block_ns = static_cast<double>(CostModel{}.uffd_block_ps) / 1000;
  const double parts = trip->read_ns + bench.Found("copy_page") + bench.Found("syscall") + block_ns;
  return Less(trip->round_ns, parts) / 2;
}

}  // namespace uffdsim

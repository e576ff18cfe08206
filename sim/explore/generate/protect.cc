// userfaultfd: contexts, registrations, protecting, answering.
#include "absl/strings/str_cat.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

constexpr std::size_t kMostContexts = 4;

std::string Protect(Draw& d, const std::string& verb, std::uint64_t mode) {
  const bool wrong = d.swarm().errors && d.Chance(4);
  const Area* area =
      d.Where([&](const Area& a) { return !a.uffd.empty() && (wrong || (a.modes & mode) != 0); });
  if (area == nullptr) return "";
  std::string line = absl::StrCat(d.As(*area), verb, " ", area->uffd, " ", d.Range(*area));
  if (d.swarm().errors && d.Chance(3)) return absl::StrCat(line, " mode=", d.Below(16));
  absl::StrAppend(&line, d.Chance(65) ? " on" : " off");
  if (d.Chance(8)) absl::StrAppend(&line, " dontwake");
  return line;
}

const SeenUffd* AnyUffd(Draw& d) {
  return d.sight().uffds.empty() ? nullptr : &d.Pick(d.sight().uffds);
}

}  // namespace

std::string DrawModes(Draw& d) {
  if (d.swarm().errors && d.Chance(4)) return absl::StrCat(d.Below(32));
  return d.Pick(d.swarm().modes);
}

std::string DrawFeatures(Draw& d) {
  const Swarm& swarm = d.swarm();
  std::string features = "missing_shmem,missing_hugetlbfs,minor_shmem,minor_hugetlbfs";
  std::string modes;
  for (const std::string& mode : swarm.modes) absl::StrAppend(&modes, mode, ",");
  if (modes.find("rwp") != std::string::npos) {
    absl::StrAppend(&features, ",rwp");
    if (swarm.asynchronous && d.Chance(70)) absl::StrAppend(&features, ",rwp_async");
  }
  if (modes.find("wp,") != std::string::npos && modes.find("wp") != modes.find("rwp") + 1) {
    absl::StrAppend(&features, ",pagefault_flag_wp,wp_hugetlbfs_shmem");
    if (d.Chance(50)) absl::StrAppend(&features, ",wp_unpopulated");
    if (swarm.asynchronous && d.Chance(60)) absl::StrAppend(&features, ",wp_async");
  }
  if (swarm.fork_event) absl::StrAppend(&features, ",event_fork");
  if (swarm.events) {
    const std::string events = d.Some({"event_remap", "event_remove", "event_unmap"}, 60);
    if (!events.empty()) absl::StrAppend(&features, ",", events);
  }
  if (swarm.sigbus) absl::StrAppend(&features, ",sigbus");
  if (d.Chance(10)) absl::StrAppend(&features, ",exact_address");
  if (d.Chance(10)) absl::StrAppend(&features, ",thread_id");
  return features;
}

std::string DrawUffd(Draw& d) {
  if (d.sight().uffds.size() >= kMostContexts) return "";
  const std::uint32_t process = d.swarm().processes ? d.Pick(d.sight().processes) : 0;
  return absl::StrCat(Draw::In(process), "uffd ", d.FreshName("U"), " features=", DrawFeatures(d),
                      d.Chance(8) ? " user_mode_only" : "");
}

std::string DrawRegister(Draw& d) {
  const SeenUffd* uffd = AnyUffd(d);
  if (uffd == nullptr) return "";
  const Area* area = d.Where([&](const Area& a) {
    return a.process == uffd->holder && (a.uffd.empty() || a.uffd == uffd->name || d.Chance(5));
  });
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(uffd->holder), "register ", uffd->name, " ",
                      d.Chance(60) ? d.Whole(*area) : d.Range(*area), " ", DrawModes(d));
}

std::string DrawUnregister(Draw& d) {
  const Area* area = d.Where([](const Area& a) { return !a.uffd.empty(); });
  if (area == nullptr) return "";
  return absl::StrCat(d.As(*area), "unregister ", area->uffd, " ", d.Range(*area));
}

std::string DrawClose(Draw& d) {
  const SeenUffd* uffd = AnyUffd(d);
  return uffd == nullptr ? "" : absl::StrCat(Draw::In(uffd->holder), "close ", uffd->name);
}

std::string DrawRwprotect(Draw& d) { return Protect(d, "rwprotect", kModeRwp); }
std::string DrawWriteprotect(Draw& d) { return Protect(d, "writeprotect", kModeWp); }

std::string DrawSetMode(Draw& d) {
  const SeenUffd* uffd = AnyUffd(d);
  if (uffd == nullptr) return "";
  if ((uffd->features & kFeatureRwp) == 0 && !d.swarm().errors) return "";
  const std::string feature = d.swarm().errors && d.Chance(5) ? "wp_async" : "rwp_async";
  return absl::StrCat(Draw::In(uffd->holder), "set_mode ", uffd->name,
                      d.Chance(50) ? " enable=" : " disable=", feature);
}

std::string DrawMessages(Draw& d) {
  const SeenUffd* uffd = AnyUffd(d);
  if (uffd == nullptr || (!uffd->has_mail && d.Chance(80))) return "";
  return absl::StrCat(Draw::In(uffd->holder), "messages ", uffd->name);
}

std::string DrawAnswer(Draw& d) {
  if (d.sight().waiters.empty()) return "";
  const SeenWaiter& waiter = d.Pick(d.sight().waiters);
  const std::uint64_t unit = waiter.hugetlb ? d.sight().huge_pages : 1;
  const std::string place =
      absl::StrCat(waiter.uffd, " ", waiter.region, " ", waiter.page / unit * unit, " ", unit);
  const std::string as = Draw::In(waiter.holder);
  if (d.Chance(5)) return absl::StrCat(as, "wake ", place);
  if ((waiter.flags & kFaultFlagRwp) != 0) return absl::StrCat(as, "rwprotect ", place, " off");
  if ((waiter.flags & kFaultFlagWp) != 0) return absl::StrCat(as, "writeprotect ", place, " off");
  if ((waiter.flags & kFaultFlagMinor) != 0) return absl::StrCat(as, "continue ", place);
  if (d.Chance(15) && !waiter.hugetlb) return absl::StrCat(as, "zeropage ", place);
  return absl::StrCat(as, "copy ", place, " ", d.Byte());
}

std::string DrawWake(Draw& d) {
  const Area* area = d.Where([](const Area& a) { return !a.uffd.empty(); });
  if (area == nullptr) return "";
  return absl::StrCat(d.As(*area), "wake ", area->uffd, " ", d.Range(*area));
}

std::string DrawAutoResolve(Draw& d) {
  const SeenUffd* uffd = AnyUffd(d);
  if (uffd == nullptr) return "";
  return absl::StrCat(Draw::In(uffd->holder), "auto_resolve ", uffd->name,
                      d.Chance(60) ? " on" : " off");
}

}  // namespace uffdsim

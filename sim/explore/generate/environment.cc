// What no system call reaches: held-open migrations, devices, the kernel's own daemons, allocation
// failures, and threads that stand between two of their steps.
#include "absl/strings/str_cat.h"
#include "model/op/choices.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kThreads = 3;

std::string OnRange(Draw& d, const std::string& verb) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), verb, " ", d.Range(*area));
}

std::string ThreadName(Draw& d) { return absl::StrCat("T", d.Between(1, kThreads)); }

}  // namespace

std::string DrawHwPoison(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "hwpoison ", d.Page(*area), " 1");
}
std::string DrawMigrateBegin(Draw& d) { return OnRange(d, "migrate_begin"); }
std::string DrawMigrateEnd(Draw&) { return "migrate_end"; }
std::string DrawDevice(Draw& d) {
  return OnRange(d, d.Word({"device_private", "device_exclusive", "device_restore"}));
}
std::string DrawNumaScan(Draw& d) { return OnRange(d, "numa_scan"); }
std::string DrawSplit(Draw& d) {
  const std::string line = OnRange(d, "split");
  return line.empty() || d.Chance(50) ? line : absl::StrCat(line, " pmd");
}
std::string DrawReclaim(Draw& d) { return OnRange(d, "reclaim"); }
std::string DrawKhugepaged(Draw& d) { return OnRange(d, "khugepaged"); }

std::string DrawChoose(Draw& d) {
  const ChoiceRow& point = kChoices[d.Below(kChoices.size())];
  const std::uint64_t nth = d.Chance(60) ? 1 : d.Between(2, 6);
  return absl::StrCat("choose ", std::string(point.name), " ", nth);
}

// An access, or an operation that takes many steps, which then waits for DrawStep().
std::string DrawThread(Draw& d) {
  const Drawer kConcurrent[] = {&DrawRead,      &DrawWrite, &DrawWrite,       &DrawAdd,
                                &DrawGupWrite,  &DrawCopy,  &DrawContinue,    &DrawMove,
                                &DrawMigrate,   &DrawFork,  &DrawPageout,     &DrawMremap,
                                &DrawRwprotect, &DrawScan,  &DrawKernelWrite, &DrawPopulate};
  const std::string line = kConcurrent[d.Below(std::size(kConcurrent))](d);
  if (line.empty()) return "";
  const std::size_t at = line[0] == '@' ? line.find(' ') + 1 : 0;
  return absl::StrCat(line.substr(0, at), "thread ", ThreadName(d), " ", line.substr(at));
}

std::string DrawStep(Draw& d) {
  const std::string thread = ThreadName(d);
  if (d.Chance(20)) return absl::StrCat("step ", thread, " run");
  return absl::StrCat("step ", thread, " ", d.Between(1, 4));
}

}  // namespace uffdsim

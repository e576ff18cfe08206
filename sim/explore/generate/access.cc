// Loads and stores of every kind, and pins.
#include "absl/strings/str_cat.h"
#include "sim/explore/generate/draw.h"

namespace uffdsim {
namespace {

constexpr std::uint64_t kPins = 3;

// "write R 3 17 2": `verb` on a few pages with a byte.
std::string Store(Draw& d, const std::string& verb) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  const std::string few = d.Few(*area);
  const std::size_t last = few.rfind(' ');
  return absl::StrCat(Draw::In(area->process), verb, " ", few.substr(0, last), " ", d.Byte(),
                      few.substr(last));
}

std::string Load(Draw& d, const std::string& verb) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), verb, " ", d.Few(*area));
}

// Of another process, where there is one and the run is about that.
std::string Remote(Draw& d, const Area& area) {
  if (!d.swarm().processes || d.Chance(60)) return "";
  return absl::StrCat(" of=", area.process);
}

}  // namespace

std::string DrawRead(Draw& d) { return Load(d, "read"); }
std::string DrawWrite(Draw& d) { return Store(d, "write"); }
std::string DrawAdd(Draw& d) { return Store(d, "add"); }
std::string DrawKernelRead(Draw& d) { return Load(d, "kernel_read"); }
std::string DrawKernelWrite(Draw& d) { return Store(d, "kernel_write"); }
std::string DrawProcMemRead(Draw& d) { return Load(d, "proc_mem_read"); }
std::string DrawProcMemWrite(Draw& d) { return Store(d, "proc_mem_write"); }
std::string DrawPageByte(Draw& d) { return Load(d, "page_byte"); }

std::string DrawGupRead(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  const std::string remote = Remote(d, *area);
  return absl::StrCat(remote.empty() ? Draw::In(area->process) : "", "gup_read ", d.Few(*area),
                      remote);
}

std::string DrawGupWrite(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  const std::string remote = Remote(d, *area);
  const std::string few = d.Few(*area);
  const std::size_t last = few.rfind(' ');
  return absl::StrCat(remote.empty() ? Draw::In(area->process) : "", "gup_write ",
                      few.substr(0, last), " ", d.Byte(), few.substr(last), remote);
}

std::string DrawPin(Draw& d) {
  const Area* area = d.AnyArea();
  if (area == nullptr) return "";
  return absl::StrCat(Draw::In(area->process), "pin ", d.Below(kPins), " ", d.Range(*area));
}

std::string DrawUnpin(Draw& d) { return absl::StrCat("unpin ", d.Below(kPins)); }

}  // namespace uffdsim

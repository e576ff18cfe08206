// The first byte of each page's frame, read past all protection.
//
// Mirrors: what a privileged observer reads with pagemap and the frame itself. Nothing faults and
//          nothing is marked accessed.
#include "model/path/pagemap.h"
#include "model/path/start.h"

namespace uffdsim {
namespace {

constexpr int kNotMapped = -1;
constexpr int kSwapOrMarker = -2;

int FirstByte(const World& w, MmId mm, Vpn vpn) {
  const Vma* vma = w.mm(mm).vmas.Find(vpn);
  if (vma == nullptr) return kNotMapped;
  const EntryAt entry = FindEntry(w, mm, *vma, vpn);
  const std::uint64_t word = PagemapWord(w, *vma, entry, vpn);
  if ((word & kPmSwap) != 0) return kSwapOrMarker;
  if ((word & kPmPresent) == 0) return kNotMapped;
  return w.contents.Read(w.frames[FrameOf(w, entry, vpn)].content, 0);
}

}  // namespace

void Start_page_byte(World& w, Task& t) {
  auto& values = t.outcome.values;
  for (Vpn vpn = VpnOf(w, t.op.start); vpn < VpnOf(w, t.op.start + t.op.length); ++vpn) {
    const int byte = FirstByte(w, t.mm, vpn);
    if (values.empty() || values.back().first != byte) values.emplace_back(byte, 0);
    ++values.back().second;
  }
}

}  // namespace uffdsim

// Zap and refault: what VMMs with shmem guests can do without any protection.
//
// Mirrors: UFFDIO_REGISTER_MODE_MINOR (Linux 5.13) and MADV_DONTNEED on the guest mapping: the page
//          stays in the memfd, the guest's next touch is a MINOR fault, and UFFDIO_CONTINUE maps it
//          again. A round trip to the handler for each page and interval; no scan. A page that was
//          not touched is already held still for eviction.
#include "model/base/check.h"
#include "sim/vmm/armed_tracker.h"
#include "sim/vmm/page_bits.h"

namespace uffdsim {
namespace {

class ZapTracker final : public ArmedTracker {
 public:
  explicit ZapTracker(const TrackerSetting& setting)
      : ArmedTracker(setting), mapped_(setting.host->guest_pages()) {}

  void OnTouched(PageId page) override { mapped_.Add(page); }

 private:
  void Arm(VmmThread& by, PageRange range) override {
    UFFDSIM_CHECK(host().Unmap(by, range) == Errno::kOk);
    mapped_.Remove(range);
  }
  void Look(VmmThread&, std::vector<PageRange>* unarmed) override { mapped_.List(unarmed); }
  void NotArmed(PageId page) override { mapped_.Add(page); }

  PageBits mapped_;
};

}  // namespace

std::unique_ptr<Tracker> MakeZapTracker(const TrackerSetting& setting) {
  return std::make_unique<ZapTracker>(setting);
}

}  // namespace uffdsim

// A host that passes every call on, for tests that change one of them.
#pragma once

#include <optional>
#include <vector>

#include "sim/vmm/host.h"

namespace uffdsim {

class PassOnHost : public Host {
 public:
  explicit PassOnHost(Host& host) : host_(host) {}
  Errno Rwprotect(VmmThread& by, PageRange range, Protect protect) override {
    return host_.Rwprotect(by, range, protect);
  }
  Errno Deactivate(VmmThread& by, PageRange range) override { return host_.Deactivate(by, range); }
  Errno Writeprotect(VmmThread& by, PageRange range, Protect protect) override {
    return host_.Writeprotect(by, range, protect);
  }
  Errno SetMode(VmmThread& by, RwpMode mode) override { return host_.SetMode(by, mode); }
  Errno Copy(VmmThread& by, PageId page, Digest digest) override {
    return host_.Copy(by, page, digest);
  }
  Errno Zeropage(VmmThread& by, PageId page) override { return host_.Zeropage(by, page); }
  Errno Continue(VmmThread& by, PageId page) override { return host_.Continue(by, page); }
  Errno Wake(VmmThread& by, PageRange range) override { return host_.Wake(by, range); }
  std::optional<FaultMessage> ReadMessage(VmmThread& by) override { return host_.ReadMessage(by); }
  void Scan(VmmThread& by, Category category, std::vector<PageRange>* pages) override {
    host_.Scan(by, category, pages);
  }
  Errno Unmap(VmmThread& by, PageRange range) override { return host_.Unmap(by, range); }
  void SetIdle(VmmThread& by, PageRange range) override { host_.SetIdle(by, range); }
  void ScanIdle(VmmThread& by, PageRange range, std::vector<PageRange>* touched) override {
    host_.ScanIdle(by, range, touched);
  }
  Digest HashPage(VmmThread& by, PageId page) override { return host_.HashPage(by, page); }
  Errno Punch(VmmThread& by, PageRange range) override { return host_.Punch(by, range); }
  DeviceReply WriteOut(VmmThread& by, PageId page, Digest digest) override {
    return host_.WriteOut(by, page, digest);
  }
  DeviceReply Fetch(VmmThread& by, PageId page, Wanted wanted) override {
    return host_.Fetch(by, page, wanted);
  }
  Digest Stored(PageId page) const override { return host_.Stored(page); }
  std::uint32_t guest_pages() const override { return host_.guest_pages(); }

 protected:
  Host& host_;
};

}  // namespace uffdsim

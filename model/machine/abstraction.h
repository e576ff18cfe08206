// The abstraction function: from page tables, frames and caches to what the referee understands.
//
// Mirrors: nothing in the kernel; the only place where both sides of the referee meet. What scans
//          report is asked of PAGEMAP_SCAN itself, so that a scan that lies is seen.
// Owned by: the caller; holds a reference to the world, which must outlive it. Not thread-safe.
#pragma once

#include "model/path/pagemap.h"
#include "model/spec/abstract.h"
#include "model/uffd/world.h"

namespace uffdsim {

class WorldView : public AbstractSource {
 public:
  explicit WorldView(const World& world) : w_(world) {}

  AbstractPage Page(MmId mm, Vpn vpn) const override;
  void Pages(std::vector<AbstractPage>* out) const override;
  void Translations(std::vector<AbstractTranslation>* out) const override;
  void Counts(std::vector<AbstractCount>* out) const override;
  void Sleepers(std::vector<AbstractSleeper>* out) const override;
  void Areas(std::vector<AbstractArea>* out) const override;
  Vpn VpnOf(std::uint64_t address) const override;
  MmId ProcessOf(CtxId ctx) const override;
  bool NegotiatedRwp(CtxId ctx) const override;
  AbstractPlace FaultPlace(TaskId task) const override;
  std::string WordText(const OpaqueWord& word) const override;
  std::string KernelOf(const std::string& path) const override;

 private:
  AbstractPage PageOf(MmId mm, const Vma& vma, Vpn vpn) const;
  void DescribeVma(const Vma& vma, AbstractPage* page) const;
  void DescribePresent(const Vma& vma, const EntryAt& entry, AbstractPage* page) const;
  void DescribeNonpresent(const EntryAt& entry, AbstractPage* page) const;
  bool Exists(Pfn pfn) const;
  template <class Visit>
  void ForEachPage(Visit&& visit) const;

  const World& w_;
};

}  // namespace uffdsim

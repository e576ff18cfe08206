// The abstraction function: from page tables, frames and caches to what the referee understands.
//
// Mirrors: nothing in the kernel; the only place where both sides of the referee meet.
// Owned by: the caller; holds a reference to the world, which must outlive it.
#pragma once

#include "model/spec/abstract.h"
#include "model/uffd/world.h"

namespace uffdsim {

class WorldView : public AbstractSource {
 public:
  explicit WorldView(const World& world) : w_(world) {}

  AbstractPage Page(MmId mm, Vpn vpn) const override;
  std::vector<AbstractPage> Pages() const override;
  std::vector<AbstractTranslation> Translations() const override;
  std::vector<AbstractCount> Counts() const override;
  std::vector<AbstractSleeper> Sleepers() const override;

 private:
  AbstractPage PageOf(MmId mm, const Vma& vma, Vpn vpn) const;
  void Describe(const Vma& vma, Form form, Word word, AbstractPage* page) const;

  const World& w_;
};

}  // namespace uffdsim

// Age by scans: evict the page that the most scans in a row found untouched.
//
// Mirrors: kstaled's page age (Lagar-Cavilla et al., "Software-defined far memory in
// warehouse-scale computers", ASPLOS 2019). It is what one accessed bit per page and interval can
// support exactly. A page is cold from age `cold` on. Ties go in ascending page order.
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/page_ages.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class AgeCore : public PolicyCoreDefaults {
 public:
  explicit AgeCore(const PolicySetting& setting)
      : ages_(setting.page_count),
        cold_(static_cast<unsigned>(setting.parameters[0])),
        scan_every_(static_cast<std::uint64_t>(setting.parameters[1])) {}

  bool Resident(PageId page) const { return ages_.Resident(page); }
  void Prefetch(PageId page) const { ages_.Prefetch(page); }
  void Hit(PageId page) {
    CountReference();
    ages_.Touch(page);
  }
  void Fault(PageId) { CountReference(); }
  void Insert(PageId page) { ages_.Insert(page); }
  PageId Evict(PageId) { return ages_.PopOldest(); }
  PageId EvictCold() { return ages_.PopOldest(cold_); }
  void Remove(PageId page) { ages_.Remove(page); }
  void Tick() { ages_.Scan(); }
  std::uint64_t Bytes() const { return ages_.Bytes(); }

 private:
  // Where every reference is seen, scans may come by their number instead of by intervals.
  void CountReference() {
    if (scan_every_ == 0) return;
    if (references_ == scan_every_) {
      Tick();
      references_ = 0;
    }
    ++references_;
  }

  PageAges ages_;
  unsigned cold_;
  std::uint64_t scan_every_;
  std::uint64_t references_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeAgePolicy(const PolicySetting& setting) {
  return MakePolicyOf<AgeCore>(setting);
}

}  // namespace uffdsim

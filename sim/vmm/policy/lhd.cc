// LHD: evict, of a random sample, the page with the least hits to expect per reference it would
// stay.
//
// Mirrors: Beckmann, Chen and Cidon, "LHD: improving cache hit rate by maximizing hit density",
// NSDI 2018. Pages fall into classes by their last two hit ages. Per class, hits and evictions are
// counted by age; every `reconfigure` references they fade by a tenth and give a new hit density
// for each age. Until then a prior ranks by recency. A few new pages are explorers that are hardly
// ever evicted, so that long ages are seen at all. Ages are counted in units that let a hundred
// capacities fit the histogram; the authors' code finds that unit while it runs. Ties: the page
// looked at first.
#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "model/base/lazy_array.h"
#include "model/base/rng.h"
#include "sim/vmm/policy/factories.h"
#include "sim/vmm/policy/policy_of.h"

namespace uffdsim {
namespace {

class LhdCore : public PolicyCoreDefaults {
 public:
  explicit LhdCore(const PolicySetting& setting)
      : place_(setting.page_count),
        classes_(kClasses),
        rng_(setting.seed),
        sample_(static_cast<unsigned>(setting.parameters[0])),
        reconfigure_every_(static_cast<std::uint64_t>(setting.parameters[1])),
        age_shift_(static_cast<int>(std::bit_width(setting.capacity * kCapacities / kAges))),
        explorer_budget_(ShareOf(setting.capacity, kExplorerShare)) {
    recent_.fill(kNoPage);
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (std::size_t age = 0; age < kAges; ++age) {
        classes_[c].density[age] = static_cast<double>(c + 1) / static_cast<double>(age + 1);
      }
    }
  }

  bool Resident(PageId page) const { return place_[page] != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(place_.data() + page, 1); }

  void Hit(PageId page) {
    Advance();
    Entry& entry = resident_[place_[page] - 1];
    const std::size_t age = AgeOf(entry);
    classes_[ClassOf(entry)].hits[age] += 1;
    entry.age_of_hit_before = entry.age_of_last_hit;
    entry.age_of_last_hit = static_cast<std::uint16_t>(age);
    entry.last = now_;
    Explore(&entry);
  }

  void Fault(PageId) { Advance(); }

  void Insert(PageId page) {
    Entry entry;
    entry.last = now_;
    entry.page = page;
    Explore(&entry);
    resident_.push_back(entry);
    place_[page] = static_cast<std::uint32_t>(resident_.size());
    recent_[recent_at_++ % recent_.size()] = page;
  }

  PageId Evict(PageId) {
    const Entry* worst = &resident_[rng_.Below(resident_.size())];
    double worst_density = DensityOf(*worst);
    const auto look_at = [&](const Entry& entry) {
      const double density = DensityOf(entry);
      if (density >= worst_density) return;
      worst = &entry;
      worst_density = density;
    };
    for (unsigned i = 1; i < sample_; ++i) look_at(resident_[rng_.Below(resident_.size())]);
    for (const PageId page : recent_) {
      if (page != kNoPage && Resident(page)) look_at(resident_[place_[page] - 1]);
    }
    classes_[ClassOf(*worst)].evictions[AgeOf(*worst)] += 1;
    const PageId victim = worst->page;
    Remove(victim);
    return victim;
  }

  // The last page takes the place of the one that leaves.
  void Remove(PageId page) {
    if (resident_[place_[page] - 1].explorer) ++explorer_budget_;
    const Entry last = resident_.back();
    resident_[place_[page] - 1] = last;
    place_[last.page] = place_[page];
    place_[page] = 0;
    resident_.pop_back();
  }

  std::uint64_t Bytes() const {
    return place_.size() * sizeof(std::uint32_t) + resident_.capacity() * sizeof(Entry) +
           classes_.capacity() * sizeof(Class);
  }

 private:
  static constexpr std::size_t kAges = 20000;
  static constexpr std::size_t kClasses = 16;
  static constexpr std::uint64_t kCapacities = 100;  // 1 % of the references may be older
  static constexpr double kFade = 0.9;
  static constexpr double kExplorerShare = 0.01;       // of the capacity
  static constexpr std::uint64_t kExplorerOneIn = 32;  // pages
  static constexpr double kExplorerBonus = 1;          // more than any measured density

  struct Class {
    std::array<double, kAges> hits{};
    std::array<double, kAges> evictions{};
    std::array<double, kAges> density{};
  };

  struct Entry {
    std::uint64_t last = 0;  // reference
    PageId page = kNoPage;
    std::uint16_t age_of_last_hit = 0;
    std::uint16_t age_of_hit_before = kAges;
    bool explorer = false;
  };

  std::size_t AgeOf(const Entry& entry) const {
    return std::min<std::uint64_t>(kAges - 1, (now_ - entry.last) >> age_shift_);
  }

  // The shorter the last two ages together, the higher the class, by powers of two.
  static std::size_t ClassOf(const Entry& entry) {
    std::size_t age = std::size_t{entry.age_of_last_hit} + entry.age_of_hit_before;
    if (age == 0) return kClasses - 1;
    std::size_t c = 0;
    for (; age < kAges && c < kClasses - 1; age *= 2) ++c;
    return c;
  }

  // A page beyond the histogram goes first, explorers last.
  double DensityOf(const Entry& entry) const {
    const std::size_t age = AgeOf(entry);
    if (age == kAges - 1) return -1;
    return classes_[ClassOf(entry)].density[age] + (entry.explorer ? kExplorerBonus : 0);
  }

  // Decides anew whether a page just referenced is an explorer.
  void Explore(Entry* entry) {
    if (entry->explorer) ++explorer_budget_;
    entry->explorer = rng_.Below(kExplorerOneIn) == 0 && explorer_budget_ > 0;
    if (entry->explorer) --explorer_budget_;
  }

  void Advance() {
    if (++now_ % reconfigure_every_ == 0) Reconfigure();
  }

  // Hits to come, over references to stay, given the age reached: summed from the oldest age down.
  void Reconfigure() {
    constexpr double kTooFew = 0.01;
    for (Class& c : classes_) {
      double hits = 0;
      double events = 0;
      double lifetime = 0;
      for (std::size_t age = kAges; age-- > 0;) {
        c.hits[age] *= kFade;
        c.evictions[age] *= kFade;
        hits += c.hits[age];
        events += c.hits[age] + c.evictions[age];
        lifetime += events;
        c.density[age] = events > kTooFew ? hits / lifetime : 0;
      }
    }
  }

  LazyArray<std::uint32_t> place_;  // index in resident_ plus one, or 0
  std::vector<Entry> resident_;
  std::vector<Class> classes_;
  std::array<PageId, 8> recent_;  // the last pages to come in: always in the sample
  std::size_t recent_at_ = 0;
  Rng rng_;
  unsigned sample_;
  std::uint64_t reconfigure_every_;
  int age_shift_;
  std::uint64_t explorer_budget_;  // explorers that may still be named
  std::uint64_t now_ = 0;          // references
};

}  // namespace

std::unique_ptr<Policy> MakeLhdPolicy(const PolicySetting& setting) {
  return MakePolicyOf<LhdCore>(setting);
}

}  // namespace uffdsim

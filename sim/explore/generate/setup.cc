// How a run begins: a swarm configuration, mappings with something in them, contexts,
// registrations.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/explore/generate/setup.h"

namespace uffdsim {
namespace {

constexpr std::size_t Index(Group group) { return static_cast<std::size_t>(group); }

// Some of the words, at least one.
std::vector<std::string> AtLeastOne(Draw& d, std::initializer_list<const char*> words,
                                    std::uint64_t percent) {
  std::vector<std::string> some;
  for (const char* word : words) {
    if (d.Chance(percent)) some.emplace_back(word);
  }
  if (some.empty()) some.emplace_back(words.begin()[d.Below(words.size())]);
  return some;
}

// Builds the first lines; names are numbered as they come.
class Setup {
 public:
  Setup(Draw* d, std::uint64_t huge_pages) : d_(*d), huge_(huge_pages) {}

  std::vector<std::string> Make() {
    if (Has(Group::kSwap) && !d_.swarm().lacks.machine_wide) lines_.emplace_back("swapon");
    const std::uint64_t maps = d_.Between(1, 3);
    for (std::uint64_t i = 0; i < maps; ++i) Map(d_.Pick(d_.swarm().kinds));
    for (const Mapped& map : maps_) Touch(map);
    const std::uint64_t contexts = d_.Chance(15) ? 2 : 1;
    for (std::uint64_t i = 1; i <= contexts; ++i) {
      lines_.push_back(absl::StrCat("uffd U", i, " features=", DrawFeatures(d_)));
    }
    for (const Mapped& map : maps_) Register(map, d_.Between(1, contexts));
    return std::move(lines_);
  }

 private:
  struct Mapped {
    std::string region;
    std::uint64_t pages;
    bool hugetlb;
  };

  bool Has(Group group) const { return d_.swarm().share[Index(group)] != 0; }

  std::uint64_t Length(bool hugetlb) {
    if (hugetlb) return huge_ * d_.Between(1, 2);
    if (Has(Group::kHuge) && d_.Chance(50)) return huge_ * d_.Between(1, 2);
    return d_.Pick(std::vector<std::uint64_t>{4, 8, 16, 24});
  }

  void Add(const std::string& kind, std::uint64_t pages, const std::string& tail) {
    const bool hugetlb = kind == "hugeanon" || kind == "hugeshared" || !huge_file_.empty();
    const std::string region = absl::StrCat("R", maps_.size() + 1);
    lines_.push_back(
        absl::StrCat("map ", region, " ", kind, " ", pages, tail, d_.Chance(5) ? " prot=r" : ""));
    if (!hugetlb && pages >= huge_ && d_.Chance(80)) {
      lines_.push_back(absl::StrCat("madvise ", region, " 0 ", pages, " HUGEPAGE"));
    }
    maps_.push_back({region, pages, hugetlb});
  }

  void Map(const std::string& kind) {
    huge_file_ = kind == "hugefile" ? " hugetlb" : "";
    if (kind != "shared" && kind != "private" && kind != "hugefile") {
      Add(kind, Length(kind == "hugeanon" || kind == "hugeshared"), "");
      return;
    }
    const std::uint64_t pages = Length(!huge_file_.empty());
    const std::string file = absl::StrCat("M", ++files_);
    lines_.push_back(absl::StrCat("memfd ", file, " ", pages, huge_file_));
    if (huge_file_.empty() && d_.Chance(30)) {
      lines_.push_back(absl::StrCat("fwrite ", file, " ", d_.Below(pages), " ", d_.Byte()));
    }
    Add(kind == "private" ? "private" : "shared", pages, absl::StrCat(" mem=", file));
    // A second view of the same file, as a VMM has.
    if (d_.Chance(40)) Add(d_.Word({"shared", "private"}), pages, absl::StrCat(" mem=", file));
    huge_file_.clear();
  }

  void Touch(const Mapped& map) {
    const std::uint64_t times = d_.Below(3);
    for (std::uint64_t i = 0; i < times; ++i) {
      const std::uint64_t most = std::min<std::uint64_t>(map.pages, 24);
      const std::uint64_t page = d_.Below(most);
      const std::uint64_t pages = d_.Chance(50) ? 1 : d_.Between(1, most - page);
      if (d_.Chance(25)) {
        lines_.push_back(absl::StrCat("read ", map.region, " ", page, " ", pages));
      } else {
        lines_.push_back(absl::StrCat("write ", map.region, " ", page, " ", d_.Byte(), " ", pages));
      }
    }
  }

  void Register(const Mapped& map, std::uint64_t context) {
    const std::string place = absl::StrCat("U", context, " ", map.region, " 0 ", map.pages);
    const std::string modes = DrawModes(d_);
    lines_.push_back(absl::StrCat("register ", place, " ", modes));
    if (modes.find("rwp") != std::string::npos && d_.Chance(70)) {
      lines_.push_back(absl::StrCat("rwprotect ", place, " on"));
    } else if (modes.find("wp") != std::string::npos && d_.Chance(60)) {
      lines_.push_back(absl::StrCat("writeprotect ", place, " on"));
    }
  }

  Draw& d_;
  std::uint64_t huge_;
  std::string huge_file_;
  int files_ = 0;
  std::vector<Mapped> maps_;
  std::vector<std::string> lines_;
};

// A drawn configuration never holds what is lacking: another word takes its place.
void Leave(std::vector<std::string>* words, const char* part, bool lacking, const char* instead) {
  if (!lacking) return;
  std::erase_if(*words,
                [&](const std::string& word) { return word.find(part) != std::string::npos; });
  if (words->empty()) words->emplace_back(instead);
}

}  // namespace

Swarm DrawSwarm(Rng& rng, const KernelLacks& lacks) {
  Swarm swarm;
  const Sight nothing;
  Draw d(&rng, &swarm, &nothing);
  for (std::uint32_t& share : swarm.share) {
    // Half of the groups take part, some of them often.
    constexpr std::uint32_t kShares[] = {0, 0, 0, 2, 4, 4, 4, 8};
    share = kShares[d.Below(std::size(kShares))];
  }
  for (const Group group : {Group::kAccess, Group::kProtect, Group::kResolve}) {
    swarm.share[Index(group)] = std::max(swarm.share[Index(group)], 2U);
  }
  swarm.kinds = AtLeastOne(
      d, {"anon", "anon", "shmem", "shared", "private", "hugeanon", "hugeshared", "hugefile"}, 22);
  swarm.modes = AtLeastOne(d,
                           {"rwp", "rwp", "rwp,missing", "rwp,minor", "rwp,missing,minor", "wp",
                            "wp,missing", "missing", "minor"},
                           20);
  swarm.asynchronous = d.Chance(55);
  swarm.events = d.Chance(20);
  swarm.fork_event = d.Chance(35);
  swarm.errors = d.Chance(30);
  swarm.processes = d.Chance(50);
  swarm.sigbus = d.Chance(8);
  swarm.lacks = lacks;
  if (lacks.huge_settings) swarm.share[Index(Group::kHuge)] = 0;
  Leave(&swarm.kinds, "huge", lacks.hugetlb, "anon");
  Leave(&swarm.modes, "minor", lacks.minor, "missing");
  Leave(&swarm.modes, "rwp", lacks.rwp, "missing");
  // What is left of "wp" is WP's own.
  if (!lacks.rwp && lacks.wp) {
    std::erase_if(swarm.modes, [](const std::string& mode) { return mode.rfind("wp", 0) == 0; });
    if (swarm.modes.empty()) swarm.modes.emplace_back("rwp");
  } else {
    Leave(&swarm.modes, "wp", lacks.wp, "missing");
  }
  return swarm;
}

std::vector<std::string> DrawSetup(Rng& rng, const Swarm& swarm, std::uint64_t huge_pages) {
  Sight empty;
  empty.huge_pages = huge_pages;
  Draw d(&rng, &swarm, &empty);
  return Setup(&d, huge_pages).Make();
}

}  // namespace uffdsim

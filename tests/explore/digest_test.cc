// Equal digests must mean: looks alike now, and goes on alike. Random walks through each alphabet
// remember what they saw at every digest and compare when they come back to it by another way.
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "model/base/rng.h"
#include "sim/explore/subject.h"
#include "tests/explore/explore_test_util.h"

namespace uffdsim {
namespace {

// The observation without what may be renamed: numbers of frames and contexts.
std::string Look(const Machine& machine) {
  std::ostringstream out;
  for (const ProcessView& process : machine.Observe(true).processes) {
    out << "process " << process.process.value << "\n";
    for (const VmaView& vma : process.vmas) {
      out << vma.start << "-" << vma.end << " " << vma.prot << " " << vma.flags << " "
          << vma.rss_pages << " " << vma.swap_pages << " " << vma.anon_pages << " "
          << vma.huge_pages << "\n";
      for (const PageView& page : vma.pages) {
        out << page.pagemap << " " << page.scan << " " << page.mincore << " " << page.entry << " "
            << page.frame << "\n";
      }
    }
    for (const UffdView& view : process.contexts) {
      out << "uffd " << view.pending << " " << view.total << " " << view.features << "\n";
    }
  }
  return out.str();
}

struct Seen {
  std::string look;
  std::vector<Digest> successors;  // by letter; empty digest where disabled
};

Seen SeenFrom(const Setting& setting, Subject* subject) {
  Seen seen{Look(subject->machine()), {}};
  Arena::Snapshot here;
  subject->Save(&here);
  for (const Setting::Letter& letter : setting.letters) {
    Digest next{};
    if (subject->Perform(letter) == Subject::Result::kDone && !subject->violated()) {
      next = subject->Identify();
    }
    seen.successors.push_back(next);
    subject->Restore(here);
  }
  return seen;
}

class DigestOf : public testing::TestWithParam<std::string> {};

TEST_P(DigestOf, EqualMeansAlikeNowAndNext) {
  constexpr int kWalks = 12;
  constexpr int kSteps = 25;
  const Setting setting = NamedSetting(GetParam(), {.pages = 2, .processes = 2});
  std::map<Digest, Seen> known;
  int met_again = 0;
  Rng rng(20260101);
  for (int walk = 0; walk < kWalks; ++walk) {
    Subject subject(setting);
    ASSERT_TRUE(subject.ok()) << subject.failed_setup();
    for (int step = 0; step < kSteps; ++step) {
      const Digest digest = subject.Identify();
      Seen seen = SeenFrom(setting, &subject);
      const auto [at, fresh] = known.try_emplace(digest, seen);
      if (!fresh) {
        ++met_again;
        ASSERT_EQ(at->second.look, seen.look);
        ASSERT_EQ(at->second.successors, seen.successors);
      }
      Arena::Snapshot here;
      subject.Save(&here);
      const auto letter = static_cast<std::size_t>(rng.Below(setting.letters.size()));
      if (subject.Perform(setting.letters[letter]) == Subject::Result::kBeyond ||
          subject.violated()) {
        subject.Restore(here);
      }
    }
  }
  EXPECT_GT(met_again, kWalks);
}

INSTANTIATE_TEST_SUITE_P(Alphabets, DigestOf,
                         testing::Values("rwp-anon", "rwp-sync", "rwp-missing", "rwp-shmem", "wp",
                                         "wp-async", "swap", "fork", "fork-event", "mremap", "numa",
                                         "ksm", "thp", "hugetlb", "full"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(Digest, RenamesFramesAndContexts) {
  // The same state by two ways that allocate in another order.
  const std::string text = R"(
map A anon 2
letters
write A 0 1
write A 1 2
)";
  const Setting setting = SettingOf(text, {});
  Subject one(setting);
  one.Perform(setting.letters[0]);
  const Digest half = one.Identify();
  one.Perform(setting.letters[1]);
  Subject other(setting);
  other.Perform(setting.letters[1]);
  EXPECT_NE(other.Identify(), half);
  other.Perform(setting.letters[0]);
  EXPECT_EQ(one.Identify(), other.Identify());
}

}  // namespace
}  // namespace uffdsim

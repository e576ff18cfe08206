// A made-up machine that a test bends as it likes, and a referee that watches it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/spec/referee.h"

namespace uffdsim {

inline constexpr MmId kMm{0};

class FakeMachine : public AbstractSource {
 public:
  AbstractPage Page(MmId mm, Vpn vpn) const override {
    const auto it = pages.find({mm, vpn});
    if (it != pages.end()) return it->second;
    AbstractPage page;
    page.mm = mm;
    page.vpn = vpn;
    return page;
  }
  void Pages(std::vector<AbstractPage>* out) const override {
    out->clear();
    for (const auto& [key, page] : pages) {
      if (page.backing != Backing::kNothing) out->push_back(page);
    }
  }
  void Translations(std::vector<AbstractTranslation>* out) const override { *out = translations; }
  void Counts(std::vector<AbstractCount>* out) const override { *out = counts; }
  void Sleepers(std::vector<AbstractSleeper>* out) const override { *out = sleepers; }
  void Areas(std::vector<AbstractArea>* out) const override { *out = areas; }
  Vpn VpnOf(std::uint64_t address) const override { return Vpn(address >> 12); }
  MmId ProcessOf(CtxId) const override { return kMm; }
  bool NegotiatedRwp(CtxId) const override { return negotiated_rwp; }
  AbstractPlace FaultPlace(TaskId) const override { return {.mm = kMm, .vpn = Vpn(1)}; }
  std::string WordText(const OpaqueWord& word) const override {
    return "word " + std::to_string(word.value);
  }
  std::string KernelOf(const std::string& path) const override { return "mm/" + path; }

  // An unmarked, writable resident page of an RWP VMA.
  AbstractPage& AddOpen(std::uint64_t vpn) {
    AbstractPage page;
    page.mm = kMm;
    page.vpn = Vpn(vpn);
    page.backing = Backing::kResident;
    page.mode = TrackMode::kRwp;
    page.ctx = CtxId(1);
    page.writable = true;
    page.accessible = true;
    page.may_write = true;
    page.private_anon = true;
    page.frame = 100 + vpn;
    page.reported_accessed = true;
    page.word.value = vpn;
    return pages[{kMm, Vpn(vpn)}] = page;
  }
  // The same of a WP VMA of file memory.
  AbstractPage& AddWritable(std::uint64_t vpn) {
    AbstractPage& page = AddOpen(vpn);
    page.mode = TrackMode::kWp;
    page.reported_accessed = false;
    page.reported_written = true;
    page.private_anon = false;
    page.keeps_markers = page.marks_survive = true;
    return page;
  }
  static void WriteProtect(AbstractPage* page) {
    page->marked = true;
    page->writable = false;
    page->reported_written = false;
  }
  static void Protect(AbstractPage* page) {
    page->marked = true;
    page->denies_all = true;
    page->writable = false;
    page->reported_accessed = false;
  }

  std::map<std::pair<MmId, Vpn>, AbstractPage> pages;
  std::vector<AbstractTranslation> translations;
  std::vector<AbstractCount> counts;
  std::vector<AbstractSleeper> sleepers;
  std::vector<AbstractArea> areas;
  bool negotiated_rwp = true;
};

class RefereeTest : public testing::Test {
 protected:
  // Arms page 1 as an ioctl would: the machine changes, the referee hears of it.
  AbstractPage& Armed() {
    AbstractPage& page = machine_.AddOpen(1);
    FakeMachine::Protect(&page);
    referee_.OnArm(kMm, Vpn(1), Vpn(2));
    return page;
  }
  std::set<std::string> Broken() {
    referee_.Check();
    std::set<std::string> names;
    for (const Violation& v : referee_.violations()) names.insert(InvariantName(v.invariant));
    return names;
  }

  FakeMachine machine_;
  Referee referee_{machine_, Referee::Strictness::kRelease};
};

}  // namespace uffdsim

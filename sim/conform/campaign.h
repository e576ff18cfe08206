// A campaign: scenario after scenario on the model and on a kernel, and each divergence made short.
//
// Half of the scenarios are variations of a corpus of recorded ones (mutate.h), half are drawn as
// the explorers draw them (sim/explore/generate). Mirrors: differential testing, swarm testing.
// Deterministic but for the kernel: the sequence of scenarios depends on the seed and the corpus.
// Errors: a Status when the kernel cannot be reached any more.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/conform/backend.h"
#include "sim/conform/judge.h"
#include "sim/conform/mutate.h"

namespace uffdsim {

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::chrono::seconds time{120};
  std::uint64_t most_operations = 0;  // 0: until the time is over
  std::uint64_t shrink_runs = 300;    // of both sides, for each divergence; 0: not at all
  std::vector<CorpusEntry> corpus;    // may be empty: everything is drawn
};

struct CampaignRow {
  std::uint64_t scenarios = 0;
  std::uint64_t skipped = 0;     // of them: the kernel or the machine lacks something
  std::uint64_t operations = 0;  // compared
  std::uint64_t divergences = 0;
  std::uint64_t varies = 0;  // scenarios whose end is the kernel's own choice
  std::uint64_t failed = 0;  // hung, crashed, or a failing check of the model
};

struct CampaignFinding {
  std::string category;
  Scenario scenario;  // short
  Verdict verdict;    // of the short one
};

struct CampaignResult {
  std::map<std::string, CampaignRow> rows;       // by category
  std::map<std::string, std::uint64_t> skipped;  // scenarios by what is lacking
  std::vector<CampaignFinding> findings;
};

// `on_finding` is called as soon as a divergence is short.
absl::StatusOr<CampaignResult> RunCampaign(
    const CampaignOptions& options, Backend* backend,
    const std::function<void(const CampaignFinding&)>& on_finding);

// The scenarios of a folder, their category the name up to the last '-'. Errors: NotFound, bad
// text.
absl::StatusOr<std::vector<CorpusEntry>> LoadCorpus(const std::vector<std::string>& folders);

// The table of a campaign.
std::string CampaignText(const CampaignResult& result);

}  // namespace uffdsim

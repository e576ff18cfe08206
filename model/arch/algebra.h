// Laws that the accessors of every configuration must obey, checked over all words it can reach.
//
// Mirrors:  mm/debug_vm_pgtable.c (its laws for PTEs, PMDs, swap and hugetlb entries), and the
//           userfaultfd laws it does not check; mm/page_table_check.c (no writable marked entry).
// Rules:    the reachable words of a form are the closure of pfn_pte() over all protections under
//           all rewriters, for boundary and random frames: every flag combination that the helpers
//           can produce occurs. Swap words are all types times boundary and random offsets times
//           all flag subsets.
// Owned by: the caller. A report is a pure function of configuration and seed.
// Errors:   none; a broken law is a finding. Findings that Linux 7.3.4 is known to have carry the
//           reason, everything else is new.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/arch/arch.h"

namespace uffdsim {

struct LawFailure {
  Form form;
  Word word;           // the word the law was asked about
  std::string detail;  // what was expected of it
};

struct LawResult {
  std::string_view law;
  std::string_view sentence;
  std::uint64_t checked = 0;
  std::uint64_t failed = 0;
  std::string_view known;            // why 7.3.4 breaks it here; empty when it should hold
  std::vector<LawFailure> examples;  // the first few
};

struct AlgebraOptions {
  std::uint64_t seed = 1;
  int random_frames = 3;
};

struct AlgebraReport {
  std::string arch;
  std::uint64_t reachable[2] = {};  // words per form
  std::vector<LawResult> laws;

  bool Clean() const;  // nothing but known findings, and every known one was found
};

AlgebraReport CheckAlgebra(const Arch& arch, const AlgebraOptions& options = {});

// One line per broken law with an example, then the totals.
std::string AlgebraText(const AlgebraReport& report);
std::string AlgebraJson(const AlgebraReport& report);

// The laws by name with their sentences, for `uffdsim list`.
struct LawName {
  std::string_view law;
  std::string_view sentence;
};
std::vector<LawName> AlgebraLaws();

}  // namespace uffdsim

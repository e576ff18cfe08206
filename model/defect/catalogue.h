// Seeded defects and kernel profiles: who replaces which step or site, and why.
//
// A defect is a row: what went wrong, where it was found, which kernels had it, which invariant it
// breaks, and a function that puts its replacements into a table of clean steps. A profile is a
// kernel: the defects whose versions include it. Rows: defects.def, profiles.def; what is derived
// from the sites that carry a mark: derived.cc.
// Owned by: the program; tables are constant. Errors: InvalidArgument, naming what is unknown with
// near matches, or two defects that replace the same thing.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/path/step_table.h"

namespace uffdsim {

struct DefectRow {
  std::string_view id;         // "F9-rwp-fork-disarm-skips-cow-wrprotect", "omit:swapped_in"
  std::string_view sentence;   // what the defective kernel does
  std::string_view reference;  // commit, CVE or posting
  std::string_view versions;   // kernels and postings that had it, as versions.h describes
  std::string_view promise;    // "I8": what it breaks, numbered as in README.md
  std::string_view shows;      // the invariant that reports it (model/spec/invariants.def); "" when
                               // only the machine's state tells
  std::string_view kernel;     // file and function
  std::string_view needs;      // the smallest machine that shows it: "anon swap fork"; "tlb" where
                               // translations must be cached
  void (*apply)(StepTable& table);
};

// The defects that were written by hand, in catalogue order.
std::span<const DefectRow> Defects();
// omit: and wrong-accessor: for each site that carries a mark.
std::span<const DefectRow> DerivedDefects();
const DefectRow* FindDefect(std::string_view id);  // of either kind; null when there is none

struct ProfileRow {
  std::string_view name;
  std::string_view kernel;  // as in `versions`; "" for one without defects
  std::string_view sentence;
};
std::span<const ProfileRow> Profiles();
const ProfileRow* FindProfile(std::string_view name);
// Ids, in catalogue order.
std::vector<std::string_view> DefectsOf(const ProfileRow& profile);

// The steps of a profile with some more defects in them.
absl::StatusOr<std::shared_ptr<const StepTable>> StepsOf(std::string_view profile,
                                                         std::span<const std::string> defects = {});

// What the defect replaces, as "site NAME" or "PATH/STEP".
std::vector<std::string> ReplacedBy(const DefectRow& defect);

}  // namespace uffdsim

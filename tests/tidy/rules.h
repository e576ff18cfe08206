// The rules that make style a failing test, each a pure function from the tree to its findings.
//
// What varies is data: banned.def, words.def, arrows.def, registries.def; what is allowed to break
// a rule, and why, is allowed.def. A row there that allows nothing any more is itself a finding.
#pragma once

#include <string_view>
#include <vector>

#include "tests/tidy/tree.h"

namespace uffdsim::tidy {

using Findings = std::vector<Finding>;
using Rule = Findings (*)(const Tree&);

// Every source belongs to a CMake target, every header and .def table is included by somebody.
Findings Orphans(const Tree& tree);

// A quoted include goes along the design's arrows (arrows.def). CMake enforces the libraries' own
// lines; this one fails when somebody adds a line to CMake that the design does not have.
Findings IncludeDirection(const Tree& tree);

// One file and one row, both ways (registries.def).
Findings Registries(const Tree& tree);

// Names whose results differ between runs, machines or libraries, and what Debian 12's compilers do
// not have (banned.def).
Findings BannedNames(const Tree& tree);

// No loop runs over a hash container: its order differs from run to run.
Findings HashIteration(const Tree& tree);

// The repository speaks of the project alone, and leaves nothing "for later" (words.def).
Findings Words(const Tree& tree);

// A header opens with a sentence and includes once.
Findings HeaderOpening(const Tree& tree);

// Two headers of one namespace define no types of the same name: programs that link both would mix
// up their inline functions, and no compiler says so.
Findings TypeNames(const Tree& tree);

// Every folder with code has a README.md.
Findings Readmes(const Tree& tree);

// Files and functions that a reader can hold in mind; tests are exempt.
Findings Lengths(const Tree& tree);

struct NamedRule {
  std::string_view name;
  Rule rule;
  std::string_view sentence;
};
const std::vector<NamedRule>& Rules();

// All rules, less what allowed.def allows.
Findings RunRules(const Tree& tree);

}  // namespace uffdsim::tidy

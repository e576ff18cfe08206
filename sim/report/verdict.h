// What results say, in a few sentences: the first thing that a reader of a report sees.
//
// Rules:   the most serious first: lost writes, then what the guest pays, then what the tracker
// sees,
//          then curves. Numbers are those of the documents.
// Owned by: values. Errors: none; the documents were accepted by ParseResult().
#pragma once

#include <string>
#include <vector>

#include "sim/report/results.h"

namespace uffdsim {

struct VerdictSentence {
  std::string text;
  bool bad = false;
};

std::vector<VerdictSentence> VerdictOf(const std::vector<ResultJson>& results);

}  // namespace uffdsim

// `uffdsim report`: one self-contained HTML file from results; its charts as files for papers.
//
// Rules:   the page needs no network and no other file. Its data is the documents as they came,
//          under one <script type="application/json">, with the verdict beside them.
//          Charts as SVG or PNG are drawn by the page itself in a headless Chromium, so that a
//          figure in a paper is the one in the report.
// Owned by: values. Errors: InvalidArgument for a Chromium that is missing or fails.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/report/results.h"

namespace uffdsim {

std::string ReportHtml(const std::vector<ResultJson>& results);

enum class ChartFormat : std::uint8_t { kSvg, kPng };

struct ChartFile {
  std::string name;     // "mrc.svg"
  std::string content;  // bytes
};

// Starts `chromium` (a program's name or path) on the report.
absl::StatusOr<std::vector<ChartFile>> DrawCharts(const std::string& html, ChartFormat format,
                                                  const std::string& chromium);

}  // namespace uffdsim

// The report's page: HTML, style, scripts and the chart library, with a hole for the data.
//
// Owned by: the program. Errors: none.
#pragma once

#include <string_view>

namespace uffdsim {

// Stands in the page once, inside a <script type="application/json">.
inline constexpr std::string_view kReportHole = "/*data*/";

std::string_view ReportPage();

}  // namespace uffdsim

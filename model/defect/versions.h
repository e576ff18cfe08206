// Which kernels a row's `versions` names: releases and postings of the RWP series, in order of
// time.
//
// Text: ranges and names, separated by ", ": "5.7 - 6.12" (both ends included), "- 7.3.3" (from the
// beginning), "6.8" or "minor-anon" (that one alone), "seeded" (none). An end is a release
// ("7.3.4", "6.0-rc") or a posting ("rwp-v4"). The postings come after every 7.2 and before 7.3-rc:
// a range of releases that reaches from one side to the other includes them all. Errors: nothing
// when the text is not of this form.
#pragma once

#include <optional>
#include <string_view>

namespace uffdsim {

// Whether they include `kernel`: a release, a posting or a name.
std::optional<bool> VersionsInclude(std::string_view versions, std::string_view kernel);

}  // namespace uffdsim

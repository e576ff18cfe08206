#include "sim/report/report.h"

#include "model/base/check.h"
#include "sim/report/page.h"
#include "sim/report/verdict.h"

namespace uffdsim {
namespace {

// JSON that may stand inside a script element: nothing in it can end the element.
std::string ForScript(const ResultJson& json) {
  std::string text;
  for (const char c : json.dump()) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string ReportHtml(const std::vector<ResultJson>& results) {
  ResultJson data;
  data["version"] = UFFDSIM_VERSION;
  ResultJson& verdict = data["verdict"] = ResultJson::array();
  for (const VerdictSentence& sentence : VerdictOf(results)) {
    verdict.push_back({{"text", sentence.text}, {"bad", sentence.bad}});
  }
  data["results"] = results;
  const std::string_view page = ReportPage();
  const std::size_t hole = page.find(kReportHole);
  UFFDSIM_CHECK(hole != std::string_view::npos);
  std::string html(page.substr(0, hole));
  html += ForScript(data);
  html += page.substr(hole + kReportHole.size());
  return html;
}

}  // namespace uffdsim

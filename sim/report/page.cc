#include "sim/report/page.h"

#include <cstddef>

// page.S
extern "C" const char uffdsim_report_page_begin[];
extern "C" const char uffdsim_report_page_end[];

namespace uffdsim {

std::string_view ReportPage() {
  return std::string_view(
      uffdsim_report_page_begin,
      static_cast<std::size_t>(uffdsim_report_page_end - uffdsim_report_page_begin));
}

}  // namespace uffdsim

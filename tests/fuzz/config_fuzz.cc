// Whatever a configuration file holds, it is read or refused; what was read can be echoed and read
// again to the same configuration.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/base/check.h"
#include "sim/replay/config.h"

using uffdsim::ApplyConfigJson;
using uffdsim::Echo;
using uffdsim::OptionRow;
using uffdsim::ReplayOptionRows;
using uffdsim::ReplayOptions;
using uffdsim::ResolveReplay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReplayOptions options;
  if (!ApplyConfigJson(text, "fuzz", &options).ok()) return 0;
  const auto config = ResolveReplay(options, "{}");
  if (!config.ok()) return 0;
  const auto echo = Echo(options, *config);
  ReplayOptions again;
  again.trace = options.trace;  // not a row of the table
  for (const auto& [key, value] : echo) {
    for (const OptionRow& row : ReplayOptionRows()) {
      if (row.key == key) again.*row.member = value;
    }
  }
  const auto reread = ResolveReplay(again, "{}");
  UFFDSIM_CHECK(reread.ok());
  UFFDSIM_CHECK(Echo(again, *reread) == echo);
  return 0;
}

#include "sim/conform/kernel/play.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>

#include "sim/conform/kernel/huge_pool.h"
#include "sim/conform/kernel/needs.h"
#include "sim/conform/kernel/reclaim.h"
#include "sim/conform/kernel/session.h"
#include "sim/scenario/json.h"
#include "sim/scenario/parse.h"

namespace uffdsim {
namespace {

constexpr int kBadInput = 2;
constexpr int kStuck = 3;

std::string Kernel(std::uint64_t page_size, const Offer& offer, const std::string& lacks) {
  utsname name{};
  uname(&name);
  JsonWriter j;
  j.Object([&] {
    j.Field("kernel", name.release);
    j.Field("arch", name.machine);
    j.Field("page_size", static_cast<std::int64_t>(page_size));
    j.Field("nodes", static_cast<std::int64_t>(offer.nodes));
    j.Field("offered", static_cast<std::int64_t>(offer.features));
    if (offer.proc_mem_forces) j.Field("proc_mem_forces", std::int64_t{1});
    j.Field("built", name.version);
    if (!lacks.empty()) j.Field("lacks", lacks);
  });
  return j.text();
}

// What the looker cannot show, and what a scenario must do without.
std::string AllLacks(const PlaySettings& settings, const Offer& offer, Looker* looker) {
  std::string lacks = looker->Lacks();
  const auto lack = [&](bool is, const char* what) {
    if (is) lacks += (lacks.empty() ? "" : " ") + std::string(what);
  };
  lack(!settings.allow_machine_wide, "machine-wide");
  lack(!offer.huge_settings, "huge-settings");
  lack(offer.huge_pages < kHugePagesOfScenario, "hugetlb");
  return lacks;
}

std::string OneField(std::string_view key, std::string_view text) {
  JsonWriter j;
  j.Object([&] { j.Field(key, text); });
  return j.text();
}

}  // namespace

int Play(const std::string& name, const std::string& text, const PlaySettings& settings,
         Looker* looker) {
  const auto scenario = ParseScenario(name, text);
  if (!scenario.ok()) {
    settings.on_line(OneField("error", std::string(scenario.status().message())));
    return kBadInput;
  }
  const auto page_size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  Control control(settings.allow_machine_wide);
  control.SetDefaults();
  const Offer offer = OfferOfKernel();
  settings.on_line(Kernel(page_size, offer, AllLacks(settings, offer, looker)));
  const std::string lacking = Lacking(*scenario, offer);
  if (!lacking.empty()) {
    settings.on_line(OneField("skipped", lacking));
    settings.on_line(LastLine(0));
    return 0;
  }
  const ReclaimWatch reclaim;
  bool reclaimed = false;
  std::size_t done = 0;
  {
    // The processes end before the machine's settings are put back.
    KernelSession session(*scenario, page_size, &control, looker, settings.order);
    if (!session.Begin()) {
      settings.on_line(OneField("error", "the processes under test cannot be started"));
      return kBadInput;
    }
    for (const Line& line : scenario->lines) {
      if (line.kind != Line::Kind::kOperation) continue;
      settings.on_line(session.Execute(line.statement, line.number).json);
      // Only page tables show young bits.
      const bool raw = (line.statement.flags & kOpRaw) != 0;
      if (raw && !reclaimed && reclaim.Seen()) {
        settings.on_line(OneField("reclaimed", std::to_string(done)));
        reclaimed = true;
      }
      ++done;
      if (!session.stuck()) continue;
      settings.on_line(OneField("stuck", std::to_string(line.number)));
      return kStuck;
    }
  }
  settings.on_line(LastLine(done));
  return 0;
}

}  // namespace uffdsim

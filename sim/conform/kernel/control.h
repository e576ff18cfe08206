// What concerns the whole machine: swap, KSM, caches, compaction, settings below /sys and
// /proc/sys.
//
// Rules:   on a machine that others use nothing here runs unless it was allowed, and every setting
// is put
//          back to what it was before the scenario.
// Mirrors: the knobs of mm/swapfile.c, mm/ksm.c, mm/huge_memory.c, fs/drop_caches.c,
// mm/compaction.c. Owned by: the caller, one for each scenario. Errors: in outcomes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/op/operation.h"

namespace uffdsim {

class Control {
 public:
  explicit Control(bool allowed) : allowed_(allowed) {}
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control() { PutBack(); }

  bool allowed() const { return allowed_; }
  // The settings under which scenarios are compared (see README.md); does nothing unless allowed.
  void SetDefaults();
  Outcome Perform(const Operation& op);
  void PutBack();

 private:
  Outcome SwitchSwapOn();
  Outcome SwitchSwapOff();
  Outcome ControlKsm(const std::string& verb);
  Outcome WriteSetting(const std::string& text);
  int Set(const std::string& path, const std::string& value);

  bool allowed_;
  std::string swap_;  // path of the device or file in use
  bool swap_is_ours_ = false;
  bool ksm_used_ = false;
  std::vector<std::pair<std::string, std::string>> before_;  // settings as they were, oldest first
};

}  // namespace uffdsim

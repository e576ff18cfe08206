// The factories that the rows of policy.def name. Each is defined in the file of its policy.
#pragma once

#include <memory>

#include "sim/vmm/policy/policy.h"
#include "sim/vmm/policy/setting.h"

namespace uffdsim {

#define UFFDSIM_POLICY(identifier, ...) \
  std::unique_ptr<Policy> Make##identifier##Policy(const PolicySetting& setting);
#include "sim/vmm/policy/policy.def"

}  // namespace uffdsim

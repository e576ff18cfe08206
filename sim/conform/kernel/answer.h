// What a system call answered, as the outcome that records are made from.
#pragma once

#include "model/op/operation.h"
#include "sim/conform/kernel/exchange.h"

namespace uffdsim {

// Messages keep the new descriptor of a fork in `child_ctx`'s place: see KernelSession.
Outcome OutcomeOf(const Cell& cell);

// EINVAL (22) and so on; kOk for 0. A number that the language has no name for is shown as "?".
Errno ErrnoOf(int number);

}  // namespace uffdsim

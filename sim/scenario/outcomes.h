// Outcomes of operations that the executor performs itself.
#pragma once

#include <string>
#include <string_view>

#include "model/op/operation.h"

namespace uffdsim {

inline Outcome BadOutcome(std::string_view reason) {
  Outcome outcome;
  outcome.status = Outcome::Status::kBad;
  outcome.reason = std::string(reason);
  return outcome;
}

inline Outcome ErrorOutcome(Errno error) {
  Outcome outcome;
  outcome.status = Outcome::Status::kError;
  outcome.error = error;
  return outcome;
}

inline Outcome OkOutcome() {
  Outcome outcome;
  outcome.ret = 0;
  return outcome;
}

}  // namespace uffdsim

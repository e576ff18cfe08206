// Turns failed checks into exceptions, for explorers that run seeded defects: a defect that breaks
// the simulator's own bookkeeping has been found, and the search goes on.
//
// While a trap lives, CheckFailed() on its thread throws a CheckFailure instead of ending the
// program. Whoever catches it must throw the machine away (explorers restore a snapshot).
#pragma once

namespace uffdsim {

struct CheckFailure {
  const char* expression;
  const char* file;
  int line;
};

class CheckTrap {
 public:
  CheckTrap();
  ~CheckTrap();
  CheckTrap(const CheckTrap&) = delete;
  CheckTrap& operator=(const CheckTrap&) = delete;

 private:
  bool outer_;
};

}  // namespace uffdsim

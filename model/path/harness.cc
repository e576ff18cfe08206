// Operations that change nothing here.
//
// Time does not pass in a machine, and it is quiescent after every operation: `sleep`, `quiesce`
// and `note` are done at once. `observe`, `auto_resolve`, `step` and `choose` are performed by
// whoever drives the machine (Machine::Observe, the scenario's executor); handed to a machine all
// the same, they are refused.
#include "model/path/start.h"

namespace uffdsim {
namespace {

void Done(Task& t) { t.outcome.status = Outcome::Status::kOk; }

void Refuse(Task& t) { Bad(t, "performed by whoever drives the machine"); }

}  // namespace

void Start_sleep(World&, Task& t) { Done(t); }
void Start_quiesce(World&, Task& t) { Done(t); }
void Start_note(World&, Task& t) { Done(t); }
void Start_observe(World&, Task& t) { Refuse(t); }
void Start_auto_resolve(World&, Task& t) { Refuse(t); }
void Start_step(World&, Task& t) { Refuse(t); }
void Start_choose(World&, Task& t) { Refuse(t); }

}  // namespace uffdsim

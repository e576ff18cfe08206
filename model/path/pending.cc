// Operations whose path does not exist yet. Goes away when each has its file.
#include "model/path/start.h"

namespace uffdsim {

void Start_name(World&, Task& t) { Bad(t, "not modelled"); }
void Start_auto_resolve(World&, Task& t) { Bad(t, "not modelled"); }
void Start_observe(World&, Task& t) { Bad(t, "not modelled"); }
void Start_sleep(World&, Task& t) { Bad(t, "not modelled"); }
void Start_note(World&, Task& t) { Bad(t, "not modelled"); }
void Start_quiesce(World&, Task& t) { Bad(t, "not modelled"); }

}  // namespace uffdsim

// Operations whose path does not exist yet. Goes away when each has its file.
#include "model/path/start.h"

namespace uffdsim {

void Start_name(World&, Task& t) { Bad(t, "not modelled"); }
void Start_mlock(World&, Task& t) { Bad(t, "not modelled"); }
void Start_munlock(World&, Task& t) { Bad(t, "not modelled"); }
void Start_mseal(World&, Task& t) { Bad(t, "not modelled"); }
void Start_mremap(World&, Task& t) { Bad(t, "not modelled"); }
void Start_madvise(World&, Task& t) { Bad(t, "not modelled"); }
void Start_fork(World&, Task& t) { Bad(t, "not modelled"); }
void Start_exit(World&, Task& t) { Bad(t, "not modelled"); }
void Start_gup_read(World&, Task& t) { Bad(t, "not modelled"); }
void Start_gup_write(World&, Task& t) { Bad(t, "not modelled"); }
void Start_proc_mem_read(World&, Task& t) { Bad(t, "not modelled"); }
void Start_proc_mem_write(World&, Task& t) { Bad(t, "not modelled"); }
void Start_pin(World&, Task& t) { Bad(t, "not modelled"); }
void Start_unpin(World&, Task& t) { Bad(t, "not modelled"); }
void Start_page_byte(World&, Task& t) { Bad(t, "not modelled"); }
void Start_move(World&, Task& t) { Bad(t, "not modelled"); }
void Start_auto_resolve(World&, Task& t) { Bad(t, "not modelled"); }
void Start_scan(World&, Task& t) { Bad(t, "not modelled"); }
void Start_clear_refs(World&, Task& t) { Bad(t, "not modelled"); }
void Start_migrate(World&, Task& t) { Bad(t, "not modelled"); }
void Start_mbind(World&, Task& t) { Bad(t, "not modelled"); }
void Start_spin(World&, Task& t) { Bad(t, "not modelled"); }
void Start_observe(World&, Task& t) { Bad(t, "not modelled"); }
void Start_swapon(World&, Task& t) { Bad(t, "not modelled"); }
void Start_swapoff(World&, Task& t) { Bad(t, "not modelled"); }
void Start_drop_caches(World&, Task& t) { Bad(t, "not modelled"); }
void Start_compact(World&, Task& t) { Bad(t, "not modelled"); }
void Start_ksm(World&, Task& t) { Bad(t, "not modelled"); }
void Start_sysfs(World&, Task& t) { Bad(t, "not modelled"); }
void Start_sleep(World&, Task& t) { Bad(t, "not modelled"); }
void Start_note(World&, Task& t) { Bad(t, "not modelled"); }
void Start_quiesce(World&, Task& t) { Bad(t, "not modelled"); }

}  // namespace uffdsim

// Parts of the kernel that have no file yet: device memory.
#include "model/path/migrate_wait.h"

namespace uffdsim {


}  // namespace uffdsim

// A kernel that was: recordings in a folder (NAME.jsonl), answered instead of running anything.
#pragma once

#include <memory>
#include <string>

#include "sim/conform/backend.h"

namespace uffdsim {

// A manifest.json in the folder says how far each recording is comparable.
std::unique_ptr<Backend> MakeRecordedBackend(const std::string& folder);

}  // namespace uffdsim

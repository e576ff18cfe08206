#include "model/path/kernel_names.h"

#include <algorithm>
#include <iterator>

#include "model/path/step.h"

namespace uffdsim {
namespace {

struct FirstStep {
  std::string_view operation;
  std::string_view kernel;
};
constexpr FirstStep kFirstSteps[] = {
#define FIRST_STEP(operation, kernel) {#operation, kernel},
#include "model/path/first_steps.def"
#undef FIRST_STEP
};

constexpr std::string_view kOperations[] = {
#define OPERATION(name, sentence) #name,
#include "model/op/operations.def"
#undef OPERATION
};
static_assert(std::equal(std::begin(kFirstSteps), std::end(kFirstSteps), std::begin(kOperations),
                         std::end(kOperations),
                         [](const FirstStep& row, std::string_view operation) {
                           return row.operation == operation;
                         }),
              "first_steps.def has one row for each operation, in their order");

}  // namespace

std::string_view KernelOf(std::string_view path_or_operation) {
  for (std::size_t id = 0; id < kPathCount; ++id) {
    const Path& path = GetPath(static_cast<PathId>(id));
    if (path_or_operation == path.name) return path.kernel;
  }
  for (const FirstStep& row : kFirstSteps) {
    if (path_or_operation == row.operation) return row.kernel;
  }
  return "";
}

}  // namespace uffdsim

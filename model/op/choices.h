// The one recorded source of what the environment does: allocations that fail, devices that err,
// reclaim that comes just now.
//
// A machine asks; whoever drives it answers and keeps the answers, so that a run can be repeated.
// Nobody listening means that nothing of this happens. Owned by: the caller.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace uffdsim {

enum class ChoicePoint : std::uint8_t {
#define CHOICE(name, sentence) k_##name,
#include "model/op/choices.def"
#undef CHOICE
};

struct ChoiceRow {
  std::string_view name;
  std::string_view sentence;
};

// By ChoicePoint.
inline constexpr std::array kChoices = {
#define CHOICE(name, sentence) ChoiceRow{#name, sentence},
#include "model/op/choices.def"
#undef CHOICE
};

class Choices {
 public:
  virtual ~Choices() = default;
  // Whether it happens, this time.
  virtual bool Choose(ChoicePoint point) = 0;
};

}  // namespace uffdsim

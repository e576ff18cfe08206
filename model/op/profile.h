// The catalogue of profiles, by name.
#pragma once

#include <array>
#include <string_view>

namespace uffdsim {

struct ProfileRow {
  std::string_view name;
  std::string_view sentence;
};

inline constexpr std::array kProfiles = {
#define PROFILE(name, sentence) ProfileRow{name, sentence},
#include "model/op/profiles.def"
#undef PROFILE
};

// The row of `name`; null when there is none.
constexpr const ProfileRow* FindProfile(std::string_view name) {
  for (const ProfileRow& row : kProfiles) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace uffdsim

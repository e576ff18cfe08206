// Whoever is said to survive, to be silent or to need a companion is a defect, and has one reason.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/defect/catalogue.h"

namespace uffdsim {
namespace {

const std::vector<std::string_view> kExplained = {
#define SURVIVOR(defect, reason) defect,
#include "sim/explore/survivors.def"
#undef SURVIVOR
#define SILENT(defect, reason) defect,
#include "sim/explore/silent.def"
#undef SILENT
};
const std::vector<std::string_view> kCompanions = {
#define COMPANION(defect, other) defect, other,
#include "sim/explore/companions.def"
#undef COMPANION
};

TEST(Reasons, BelongToDefects) {
  std::set<std::string_view> seen;
  for (const std::string_view defect : kExplained) {
    EXPECT_NE(FindDefect(defect), nullptr) << defect;
    EXPECT_TRUE(seen.insert(defect).second) << defect << " is explained twice";
  }
  for (const std::string_view defect : kCompanions)
    EXPECT_NE(FindDefect(defect), nullptr) << defect;
}

}  // namespace
}  // namespace uffdsim

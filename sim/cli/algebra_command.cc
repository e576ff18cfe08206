#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/arch/algebra.h"
#include "model/arch/variant.h"
#include "sim/cli/arch_argument.h"
#include "sim/cli/commands.h"

namespace uffdsim {
namespace {

constexpr int kExitBrokenLaw = 1;

std::string BitsText(const std::vector<unsigned>& bits) {
  return bits.empty() ? "none" : absl::StrJoin(bits, " ");
}

// A hypothetical bit takes a spare one away, so what is free is asked of the architecture itself.
std::string SpareText(const Arch& arch) {
  std::string text = absl::StrCat("spare bits: pte ", BitsText(SpareBits(arch, Form::kPte)));
  if (arch.SupportsThp()) {
    absl::StrAppend(&text, "; pmd ", BitsText(SpareBits(arch, Form::kPmd)));
  }
  return absl::StrCat(text, "; swap ", BitsText(SpareSwapBits(arch, Form::kPte)), "\n");
}

}  // namespace

absl::StatusOr<int> RunAlgebraCommand(const AlgebraCommand& command, std::ostream& out) {
  const absl::StatusOr<std::vector<Arch>> plain = ArchsNamed(command.arch, "");
  if (!plain.ok()) return plain.status();
  const absl::StatusOr<std::vector<Arch>> asked = ArchsNamed(command.arch, command.what_if);
  if (!asked.ok()) return asked.status();
  int code = 0;
  for (std::size_t i = 0; i < asked->size(); ++i) {
    const AlgebraReport report = CheckAlgebra((*asked)[i]);
    if (!report.Clean()) code = kExitBrokenLaw;
    if (command.shape == OutputShape::kJson) {
      out << AlgebraJson(report) << "\n";
      continue;
    }
    out << AlgebraText(report);
    if (!command.what_if.empty()) {
      out << "    the hypothetical bit is " << (report.Clean() ? "free" : "not free") << "; "
          << SpareText((*plain)[i]);
    }
  }
  return code;
}

}  // namespace uffdsim

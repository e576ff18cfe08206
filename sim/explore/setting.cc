#include "sim/explore/setting.h"

#include <algorithm>
#include <utility>

#include "model/defect/catalogue.h"
#include "sim/scenario/names.h"
#include "sim/scenario/translate.h"

namespace uffdsim {
namespace {

std::uint16_t ContextIndex(const std::string& name, std::vector<std::string>* contexts) {
  const auto at = std::find(contexts->begin(), contexts->end(), name);
  const auto index = static_cast<std::uint16_t>(at - contexts->begin());
  if (at == contexts->end()) contexts->push_back(name);
  return index;
}

Setting::Letter Translate(const Statement& statement, Names* names,
                          std::vector<std::string>* contexts) {
  Setting::Letter letter;
  letter.statement = statement;
  letter.op = ToOperation(statement, names);
  letter.op.process = MmId(static_cast<std::uint16_t>(statement.process));
  letter.op.target = MmId(static_cast<std::uint16_t>(
      statement.Has(Role::kTarget) ? statement.target : statement.process));
  letter.has_uffd = statement.Has(Role::kUffd);
  if (letter.has_uffd) letter.uffd = ContextIndex(statement.uffd, contexts);
  return letter;
}

}  // namespace

absl::StatusOr<Setting> MakeSetting(Alphabet alphabet, const MachineChoice& choice,
                                    std::uint32_t sleepers) {
  auto config = ConfigOf(choice);
  if (!config.ok()) return config.status();
  Setting setting;
  setting.choice = choice;
  setting.machine = *std::move(config);
  setting.strictness =
      choice.profile == "ideal" ? Referee::Strictness::kIdeal : Referee::Strictness::kRelease;
  setting.sleepers = sleepers;
  Names names(std::uint64_t{1} << setting.machine.arch->geometry().page_shift);
  for (const Statement& s : alphabet.setup) {
    setting.setup.push_back(Translate(s, &names, &setting.contexts));
  }
  for (const Statement& s : alphabet.letters) {
    setting.letters.push_back(Translate(s, &names, &setting.contexts));
  }
  setting.alphabet = std::move(alphabet);
  return setting;
}

}  // namespace uffdsim

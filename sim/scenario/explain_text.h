// The effects of an operation's steps as aligned lines, or as JSON.
//
// Words are said twice: in the letters of scenario records, which are the architecture's bits, and
// in words that mean the same on every architecture.
#pragma once

#include <string>
#include <vector>

#include "model/arch/arch.h"
#include "sim/scenario/explain.h"

namespace uffdsim {

// "protnone uffd soft-dirty", "swap uffd exclusive", "migration-write", "none"
std::string EntryWords(const Arch& arch, Form form, Word word);

std::string EffectText(const Arch& arch, const StepEffect& effect, const Record& record);
// {"path","step","kernel","thread","changes":[..],"events":[..]}
std::string EffectJson(const Arch& arch, const StepEffect& effect);

}  // namespace uffdsim

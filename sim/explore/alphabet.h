// An alphabet: how a machine is set up, and the operations that an explorer tries in every state.
//
// Text (see alphabets.def, or a file of one's own): lines of the scenario language; those before
// the line `letters` are the set-up, those after it the letters. In a line, `$n` is the number of
// pages and `$k` the number of processes; `$p` stands for each page in turn (0 .. n-1), `$q` for
// each process, `$c` for each process but the first: such a line is several. `choose POINT [NTH]`
// arms an answer of the environment, as in a scenario; what is armed is part of the state.
//
// Owned by: the caller. Errors: InvalidArgument, `name:line:column: ..` as in scenarios.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario/statement.h"

namespace uffdsim {

struct AlphabetRow {
  std::string_view name;
  std::string_view sentence;
  std::string_view text;
};
std::span<const AlphabetRow> Alphabets();

struct AlphabetSize {
  std::uint32_t pages = 2;
  std::uint32_t processes = 2;
};

struct Alphabet {
  std::string name;
  AlphabetSize size;
  std::vector<Statement> setup;
  std::vector<Statement> letters;
};

absl::StatusOr<Alphabet> ParseAlphabet(const std::string& name, const std::string& text,
                                       AlphabetSize size);
// A row of alphabets.def by its name, or a file by its path.
absl::StatusOr<Alphabet> LoadAlphabet(const std::string& name_or_path, AlphabetSize size);

}  // namespace uffdsim

#include "sim/explore/checkpoint.h"

#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/explore/walker.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

constexpr char kFirstLine[] = "uffdsim check exhaustive, progress, format 2";
// More than any progress can be: a line of a number for each level and for each letter.
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 24;
// States that are reached again before the others are believed.
constexpr std::uint32_t kSamples = 64;

std::string Hex(const XXH128_hash_t& hash) {
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

std::string DigestOf(const std::string& text) {
  return Hex(XXH3_128bits(text.data(), text.size()));
}

// What the numbers and digests of states depend on.
std::string IdentityOf(const Setting& setting) {
  std::string text;
  for (const Setting::Letter& letter : setting.setup) {
    absl::StrAppend(&text, FormatStatement(letter.statement), "\n");
  }
  absl::StrAppend(&text, "letters\n");
  for (const Setting::Letter& letter : setting.letters) {
    absl::StrAppend(&text, FormatStatement(letter.statement), "\n");
  }
  return absl::StrCat(
      "version ", UFFDSIM_VERSION, ", ", std::string(setting.machine.arch->name()), ", profile ",
      setting.choice.profile, ", defects ",
      setting.choice.defects.empty() ? "none" : absl::StrJoin(setting.choice.defects, " "),
      ", sleepers ", setting.sleepers, ", ", setting.letters.size(), " letters, alphabet's digest ",
      DigestOf(text));
}

absl::Status Unusable(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("--resume: ", path, ": ", why));
}

absl::Status Damaged(const std::string& path, const std::string& expected) {
  return Unusable(
      path, absl::StrCat("damaged, expected ", expected, "; remove the directory to begin anew"));
}

// The rest of a line that begins with `word`; nothing when it does not.
std::optional<std::string> After(const std::string& line, const std::string& word) {
  if (!line.starts_with(word + " ")) return std::nullopt;
  return line.substr(word.size() + 1);
}

// "WORD NUMBER NUMBER ..".
bool ParseNumbers(const std::string& line, const std::string& word,
                  std::vector<std::uint64_t>* numbers) {
  const std::optional<std::string> rest = After(line, word);
  if (!rest) return false;
  for (const std::string& text : std::vector<std::string>(absl::StrSplit(*rest, ' '))) {
    if (!absl::SimpleAtoi(text, &numbers->emplace_back())) return false;
  }
  return true;
}

std::string NumberLine(const std::string& word, const std::vector<std::uint64_t>& numbers) {
  return absl::StrCat(word, " ", absl::StrJoin(numbers, " "), "\n");
}

}  // namespace

struct Checkpoint::Figures {
  std::vector<std::uint64_t> counts;  // states, next, level_end
  std::vector<std::uint64_t> levels;
  std::vector<std::uint64_t> performed;
  std::string records;  // their digest

  std::uint64_t states() const { return counts[0]; }
  std::uint64_t next() const { return counts[1]; }
  std::uint64_t level_end() const { return counts[2]; }
};

void Checkpoint::FreeHash::operator()(XXH3_state_s* hash) const { XXH3_freeState(hash); }

Checkpoint::Checkpoint(const Setting& setting, std::string directory)
    : setting_(setting), directory_(std::move(directory)) {
  if (directory_.empty()) return;
  identity_ = IdentityOf(setting);
  hash_.reset(XXH3_createState());
  XXH3_128bits_reset(hash_.get());
}

void Checkpoint::Count(const Visited::Record& record) {
  XXH3_128bits_update(hash_.get(), &record, sizeof(record));
}

std::string Checkpoint::RecordsDigest() const { return Hex(XXH3_128bits_digest(hash_.get())); }

absl::Status Checkpoint::Load(Visited* visited, std::uint32_t* next, std::uint32_t* level_end,
                              ExhaustiveResult* result) {
  if (directory_.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) {
    return Unusable(directory_, absl::StrCat("expected a directory: ", error.message()));
  }
  const std::string path = File("progress");
  if (!std::filesystem::exists(path, error) && !error) return absl::OkStatus();
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return Unusable(path, absl::StrCat("cannot be read: ", error.message()));
  if (bytes > kMostBytes) return Damaged(path, absl::StrCat("at most ", kMostBytes, " bytes"));
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(bytes));
  if (!file) return Unusable(path, "cannot be read");

  Figures figures;
  if (absl::Status read = ReadProgress(text, &figures); !read.ok()) return read;
  if (absl::Status sound = CheckFigures(figures); !sound.ok()) return sound;
  if (absl::Status read = ReadRecords(figures, visited); !read.ok()) return read;
  if (absl::Status same = CheckBehaviour(*visited); !same.ok()) return same;
  *next = static_cast<std::uint32_t>(figures.next());
  *level_end = static_cast<std::uint32_t>(figures.level_end());
  result->levels = std::move(figures.levels);
  result->performed = std::move(figures.performed);
  result->transitions =
      std::accumulate(result->performed.begin(), result->performed.end(), std::uint64_t{0});
  return absl::OkStatus();
}

absl::Status Checkpoint::ReadProgress(const std::string& text, Figures* figures) const {
  const std::string path = File("progress");
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  if (lines.front() != kFirstLine) {
    return Damaged(path, absl::StrCat("`", kFirstLine, "` in line 1"));
  }
  constexpr std::size_t kLines = 8;  // what is after the last newline included
  if (lines.size() != kLines || !lines.back().empty()) {
    return Damaged(path, absl::StrCat(kLines - 1, " lines"));
  }
  const std::string above = text.substr(0, text.size() - lines[6].size() - 1);
  if (After(lines[6], "checksum") != DigestOf(above)) {
    return Damaged(path, "the checksum of the lines above in line 7");
  }
  const std::string identity = After(lines[1], "exploration").value_or("");
  if (identity != identity_) {
    return Unusable(directory_, absl::StrCat("holds another exploration: ", identity, "; expected ",
                                             identity_));
  }
  const std::optional<std::string> records = After(lines[5], "records");
  if (!ParseNumbers(lines[2], "counts", &figures->counts) ||
      !ParseNumbers(lines[3], "levels", &figures->levels) ||
      !ParseNumbers(lines[4], "performed", &figures->performed) || !records) {
    return Damaged(path, "`counts`, `levels`, `performed` and `records` in lines 3 to 6");
  }
  figures->records = *records;
  return absl::OkStatus();
}

// A checksum says that a file is what was written, not that what was written makes sense.
absl::Status Checkpoint::CheckFigures(const Figures& figures) const {
  const std::string path = File("progress");
  if (figures.counts.size() != 3 || figures.states() >= UINT32_MAX ||
      figures.level_end() > figures.states() || figures.next() > figures.level_end()) {
    return Damaged(path, "three counts: states, of them expanded, and up to which level");
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t level : figures.levels) {
    if (level == 0 || level > figures.level_end() - sum) {
      return Damaged(path, "levels that add up to the third count");
    }
    sum += level;
  }
  if (figures.levels.empty() || figures.levels.front() != 1 || sum != figures.level_end() ||
      figures.next() < sum - figures.levels.back()) {
    return Damaged(path, "levels of 1 and more states that add up to the third count");
  }
  const bool possible = figures.performed.size() == setting_.letters.size() &&
                        std::all_of(figures.performed.begin(), figures.performed.end(),
                                    [&](std::uint64_t times) { return times <= figures.next(); });
  if (!possible) return Damaged(path, "for each letter in how many expanded states it was tried");
  return absl::OkStatus();
}

absl::Status Checkpoint::ReadRecords(const Figures& figures, Visited* visited) {
  const std::string path = File("states");
  std::ifstream file(path, std::ios::binary);
  for (written_ = 1; written_ < figures.states(); ++written_) {
    Visited::Record record;
    file.read(reinterpret_cast<char*>(&record), sizeof(record));
    if (!file) {
      return Damaged(path, absl::StrCat(figures.states() - 1, " records, not ", written_ - 1));
    }
    const bool sound = record.parent < std::min<std::uint64_t>(written_, figures.next()) &&
                       record.letter < setting_.letters.size();
    if (!sound || !visited->Insert(record)) {
      return Damaged(
          path, absl::StrCat("another state, with an earlier one before it, as record ", written_));
    }
    Count(record);
  }
  if (RecordsDigest() != figures.records) {
    return Damaged(path, "records of the digest that stands in `progress`");
  }
  return absl::OkStatus();
}

// Whether the letters still lead to the states that were written down.
absl::Status Checkpoint::CheckBehaviour(const Visited& visited) const {
  Subject subject(setting_);
  Arena::Snapshot root;
  subject.Save(&root);
  const std::uint32_t samples = std::min(kSamples, visited.size());
  for (std::uint32_t i = 1; i <= samples; ++i) {
    const auto state = static_cast<std::uint32_t>(std::uint64_t{visited.size() - 1} * i / samples);
    subject.Restore(root);
    bool same = true;
    for (const std::uint16_t letter : WayTo(state, visited)) {
      same = same && subject.Perform(setting_.letters[letter]) == Subject::Result::kDone &&
             !subject.violated();
    }
    if (!same || subject.Identify() != visited[state].digest) {
      return Damaged(File("states"),
                     absl::StrCat("in record ", state,
                                  " the state that its operations lead to in this program"));
    }
  }
  return absl::OkStatus();
}

absl::Status Checkpoint::AppendRecords(const Visited& visited) {
  const std::string path = File("states");
  // Opened anew each time: what a killed run wrote beyond its progress is overwritten.
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  if (!file) file.open(path, std::ios::binary | std::ios::out);
  file.seekp(static_cast<std::streamoff>((written_ - 1) * sizeof(Visited::Record)));
  for (; written_ < visited.size(); ++written_) {
    file.write(reinterpret_cast<const char*>(&visited[written_]), sizeof(Visited::Record));
    Count(visited[written_]);
  }
  file.close();
  return file ? absl::OkStatus() : Unusable(path, "cannot be written");
}

absl::Status Checkpoint::Save(const Visited& visited, std::uint32_t next, std::uint32_t level_end,
                              const ExhaustiveResult& result) {
  if (directory_.empty() || !result.found.empty()) return absl::OkStatus();
  if (absl::Status appended = AppendRecords(visited); !appended.ok()) return appended;
  std::string text = absl::StrCat(
      kFirstLine, "\nexploration ", identity_, "\n",
      NumberLine("counts", {visited.size(), next, level_end}), NumberLine("levels", result.levels),
      NumberLine("performed", result.performed), "records ", RecordsDigest(), "\n");
  absl::StrAppend(&text, "checksum ", DigestOf(text), "\n");
  const std::string fresh = File("progress.new");
  {
    std::ofstream file(fresh, std::ios::binary);
    file << text;
    file.close();
    if (!file) return Unusable(fresh, "cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(fresh, File("progress"), error);
  return error ? Unusable(fresh, error.message()) : absl::OkStatus();
}

}  // namespace uffdsim

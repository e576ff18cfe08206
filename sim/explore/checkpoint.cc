#include "sim/explore/checkpoint.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/scenario/format.h"

namespace uffdsim {
namespace {

// What the numbers and digests of states depend on.
std::string IdentityOf(const Setting& setting) {
  std::string text = absl::StrCat(std::string(setting.machine.arch->name()), " ",
                                  setting.choice.profile, " sleepers=", setting.sleepers);
  for (const std::string& defect : setting.choice.defects) absl::StrAppend(&text, " ", defect);
  for (const Setting::Letter& letter : setting.setup) {
    absl::StrAppend(&text, "; ", FormatStatement(letter.statement));
  }
  absl::StrAppend(&text, "; letters");
  for (const Setting::Letter& letter : setting.letters) {
    absl::StrAppend(&text, "; ", FormatStatement(letter.statement));
  }
  return text;
}

absl::Status Unusable(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("--resume: ", path, ": ", why));
}

}  // namespace

Checkpoint::Checkpoint(const Setting& setting, std::string directory)
    : directory_(std::move(directory)) {
  if (!directory_.empty()) identity_ = IdentityOf(setting);
}

absl::Status Checkpoint::Load(Visited* visited, std::uint32_t* next, std::uint32_t* level_end,
                              ExhaustiveResult* result) {
  if (directory_.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return Unusable(directory_, error.message());
  std::ifstream progress(directory_ + "/progress");
  if (!progress) return absl::OkStatus();
  std::string identity;
  std::uint32_t states = 0;
  std::size_t levels = 0;
  std::getline(progress, identity);
  if (identity != identity_) {
    return Unusable(directory_, absl::StrCat("holds another exploration: ", identity));
  }
  progress >> states >> *next >> *level_end >> result->transitions >> levels;
  result->levels.assign(progress ? levels : 0, 0);
  for (std::uint64_t& level : result->levels) progress >> level;
  if (!progress || states == 0) return Unusable(directory_ + "/progress", "is damaged");
  std::ifstream records(directory_ + "/states", std::ios::binary);
  for (written_ = 1; written_ < states; ++written_) {
    Visited::Record record;
    records.read(reinterpret_cast<char*>(&record), sizeof(record));
    if (!records || record.parent >= written_ || !visited->Insert(record)) {
      return Unusable(directory_ + "/states", "is damaged");
    }
  }
  return absl::OkStatus();
}

absl::Status Checkpoint::Save(const Visited& visited, std::uint32_t next, std::uint32_t level_end,
                              const ExhaustiveResult& result) {
  if (directory_.empty() || !result.found.empty()) return absl::OkStatus();
  const std::string states = directory_ + "/states";
  {
    // Opened anew each time: what a killed run wrote beyond its progress is overwritten.
    std::fstream file(states, std::ios::binary | std::ios::in | std::ios::out);
    if (!file) file.open(states, std::ios::binary | std::ios::out);
    file.seekp(static_cast<std::streamoff>((written_ - 1) * sizeof(Visited::Record)));
    for (; written_ < visited.size(); ++written_) {
      file.write(reinterpret_cast<const char*>(&visited[written_]), sizeof(Visited::Record));
    }
    file.close();
    if (!file) return Unusable(states, "cannot be written");
  }
  const std::string fresh = directory_ + "/progress.new";
  {
    std::ofstream file(fresh);
    file << identity_ << "\n"
         << visited.size() << " " << next << " " << level_end << " " << result.transitions << " "
         << result.levels.size();
    for (const std::uint64_t level : result.levels) file << " " << level;
    file << "\n";
    file.close();
    if (!file) return Unusable(fresh, "cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(fresh, directory_ + "/progress", error);
  return error ? Unusable(fresh, error.message()) : absl::OkStatus();
}

}  // namespace uffdsim

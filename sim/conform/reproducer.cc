#include "sim/conform/reproducer.h"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/conform/child.h"

namespace uffdsim {
namespace {

using json = nlohmann::ordered_json;

// Pages next to each other that look alike.
struct PageRun {
  std::string region;
  std::uint64_t page;
  std::uint64_t count;
  std::string letters;  // of pagemap, then of PAGEMAP_SCAN
  bool operator==(const PageRun&) const = default;
};

// How an operation ended, in the program's words, the bytes that it read, the pages that it saw.
struct Ending {
  std::string word;
  std::vector<int> bytes;
  std::vector<PageRun> pages;
  bool operator==(const Ending&) const = default;
};

void Add(const PageRun& run, std::vector<PageRun>* pages) {
  const bool goes_on = !pages->empty() && pages->back().region == run.region &&
                       pages->back().letters == run.letters &&
                       pages->back().page + pages->back().count == run.page;
  if (goes_on) {
    pages->back().count += run.count;
  } else {
    pages->push_back(run);
  }
}

std::string TextOf(const Ending& ending) {
  std::string text = ending.word;
  for (const int byte : ending.bytes) absl::StrAppend(&text, " ", byte);
  for (const PageRun& run : ending.pages) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", run.region, " ", run.page, "+", run.count, " ",
                    run.letters);
  }
  return text.empty() ? "nothing" : text;
}

bool IsEnding(const std::string& word) {
  if (word == "ok" || word == "SIGSEGV" || word == "SIGBUS" || word == "handle_userfault") {
    return true;
  }
  return word == "userfaultfd_event_wait_completion" ||
         (word.size() > 2 && word[0] == 'E' && std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
          }));
}

// "[  7] read A 0    byte 17": the number, and the last two words. An operation that slept says so
// first; how it ends later is not its record's.
std::map<int, Ending> EndingsOf(const std::vector<std::string>& output) {
  std::map<int, Ending> endings;
  for (const std::string& line : output) {
    if (line.empty() || line[0] != '[') continue;
    Ending& ending = endings[std::atoi(line.c_str() + 1)];
    std::istringstream text(line);
    const std::vector<std::string> words(std::istream_iterator<std::string>(text), {});
    if (words.size() < 2 || !ending.word.empty()) continue;
    const std::string& word = words[words.size() - 2];
    if (word == "byte") ending.bytes.push_back(std::atoi(words.back().c_str()));
    if (IsEnding(word)) ending.word = word;
    // "[  7] A 0+2 pagemap P-FU--- --fp------"
    char region[64];
    PageRun run;
    char pagemap[16];
    char scan[16];
    if (std::sscanf(line.c_str(), "[%*d] %63s %" SCNu64 "+%" SCNu64 " pagemap %15s %15s", region,
                    &run.page, &run.count, pagemap, scan) == 5) {
      run.region = region;
      run.letters = absl::StrCat(pagemap, " ", scan);
      Add(run, &ending.pages);
    }
  }
  return endings;
}

std::vector<PageRun> PagesOf(const json& process) {
  std::vector<PageRun> pages;
  for (const auto& [name, region] : process.at("regions").items()) {
    for (const json& page : region.at("pages")) {
      const PageRun run{name, page.at("page"), page.at("count"),
                        absl::StrCat(page.at("pagemap").get<std::string>(), " ",
                                     page.at("scan").get<std::string>())};
      Add(run, &pages);
    }
  }
  return pages;
}

Ending EndingOf(const json& record) {
  Ending ending;
  if (record.value("op", "") == "observe") {
    for (const json& process : record.at("processes")) {
      if (process.at("process") == record.at("process")) ending.pages = PagesOf(process);
    }
    return ending;
  }
  const std::string status = record.value("status", "");
  const char* field = status == "error" ? "errno" : status == "blocked" ? "blocked_in" : "signal";
  ending.word = status == "ok" ? status : record.value(field, "");
  const auto values = record.find("values");
  if (values == record.end()) return ending;
  for (const json& run : *values) {
    ending.bytes.insert(ending.bytes.end(), run[1].get<std::size_t>(), run[0].get<int>());
  }
  return ending;
}

absl::StatusOr<std::string> Compile(const std::string& name, const std::string& text,
                                    const std::string& arch) {
  std::error_code error;
  const auto folder =
      std::filesystem::temp_directory_path(error) / absl::StrCat("uffdsim-reproducer-", getpid());
  std::filesystem::create_directories(folder, error);
  const std::string source = folder / (name + ".c");
  const std::string program = folder / name;
  std::ofstream(source, std::ios::binary) << text;
  const std::string compiler = arch == "x86_64" ? "gcc" : arch + "-linux-gnu-gcc";
  Child child;
  const absl::Status started =
      child.Start({compiler, "-O1", "-static", "-pthread", "-o", program, source}, "");
  const int code = started.ok() ? child.Wait() : -1;
  std::ifstream file(program, std::ios::binary);
  std::string image((std::istreambuf_iterator<char>(file)), {});
  file.close();
  std::filesystem::remove_all(folder, error);
  if (code == 0 && !image.empty()) return image;
  return absl::FailedPreconditionError(
      absl::StrCat(name, ".c: ", compiler, " does not compile it"));
}

}  // namespace

std::string ReproducerDiffers(const std::vector<std::string>& output,
                              const std::vector<std::string>& records) {
  const std::map<int, Ending> endings = EndingsOf(output);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const json record = json::parse(records[i], nullptr, false);
    if (!record.is_object()) return absl::StrCat("record ", i, " is not JSON");
    const Ending expected = EndingOf(record);
    const auto found = endings.find(static_cast<int>(i));
    const Ending shown = found == endings.end() ? Ending{} : found->second;
    if (shown == expected) continue;
    return absl::StrCat("operation ", i, " (", record.value("op", ""), "): ", TextOf(shown),
                        " where the scenario has ", TextOf(expected));
  }
  return "";
}

absl::StatusOr<std::string> Reproduce(const FindingRow& row, const Confirmation& confirmation,
                                      const std::string& arch, Backend* backend) {
  const auto text = FindingProgram(row);
  if (!text.ok()) return text.status();
  const std::string name(row.name);
  const auto image = Compile(name, *text, arch);
  if (!image.ok()) return image.status();
  // Sets the machine up as for a scenario, and writes the header that a swap device needs.
  const auto prepared = backend->Run("prepare", "swapon\n", RunOrder::kNewestFirst);
  if (!prepared.ok()) return prepared.status();
  const auto run = backend->RunProgram(name, *image);
  if (!run.ok()) return run.status();
  std::vector<std::string> records;
  std::istringstream observed(confirmation.observed);
  for (std::string line; std::getline(observed, line);) records.push_back(line);
  // The call that never ends has no record of its own on either side.
  const bool endless =
      !records.empty() && records.back().find("\"status\":\"bad\"") != std::string::npos;
  if (endless) records.pop_back();
  const std::string differs = ReproducerDiffers(run->records, records);
  if (!differs.empty()) return absl::StrCat("reproducer: differs: ", differs);
  if (!endless && !run->failed.empty()) return absl::StrCat("reproducer: differs: ", run->failed);
  // The program waits some seconds for such a call and then gives up, without a line for it.
  if (endless && EndingsOf(run->records).contains(static_cast<int>(records.size()))) {
    return "reproducer: differs: the call that should never end does";
  }
  return absl::StrCat("reproducer: the same in ", records.size(), " operations",
                      endless ? ", and its last call does not end" : "");
}

}  // namespace uffdsim

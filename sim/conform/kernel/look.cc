#include "sim/conform/kernel/look.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/smaps.h"
#include "sim/scenario/words.h"
#include "sim/uapi/uapi.h"

namespace uffdsim {
namespace {

struct BitLetter {
  int bit;
  char letter;
};

constexpr BitLetter kPagemapLetters[] = {{63, 'P'}, {62, 'S'}, {61, 'F'}, {57, 'U'},
                                         {55, 'D'}, {56, 'X'}, {58, 'G'}};
constexpr int kPresentBit = 63;
constexpr int kSwapBit = 62;
constexpr std::uint64_t kFrameMask = (std::uint64_t{1} << 55) - 1;

// Bits of /proc/kpageflags.
constexpr BitLetter kFrameLetters[] = {{12, 'A'}, {14, 'B'}, {13, 'C'}, {21, 'K'}, {22, 'T'},
                                       {17, 'H'}, {24, 'Z'}, {18, 'V'}, {19, 'P'}};
constexpr int kHugetlbBit = 17;

bool Bit(std::uint64_t word, int bit) { return (word >> bit & 1U) != 0; }

std::string PagemapText(std::uint64_t word) {
  std::string text;
  for (const BitLetter& row : kPagemapLetters) text += Bit(word, row.bit) ? row.letter : '-';
  return text;
}

// Whole-word reads from an array file such as pagemap; what cannot be read is 0.
std::vector<std::uint64_t> ReadWords(int file, std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> words(count, 0);
  std::uint64_t done = 0;
  while (done < count) {
    const ssize_t n = pread(file, words.data() + done, (count - done) * 8,
                            static_cast<off_t>((first + done) * 8));
    if (n <= 0) break;
    done += static_cast<std::uint64_t>(n) / 8;
  }
  return words;
}

// One scan with all categories: those of each page.
std::vector<std::uint64_t> ScanPages(int pagemap, std::uint64_t start, std::uint64_t end,
                                     std::uint64_t page_size) {
  const std::uint64_t pages = (end - start) / page_size;
  std::vector<std::uint64_t> categories(pages, 0);
  std::vector<uapi::PageRegion> regions(pages);
  uapi::ScanArgument scan{};
  scan.size = sizeof(scan);
  scan.start = start;
  scan.end = end;
  scan.vector = reinterpret_cast<std::uint64_t>(regions.data());
  scan.vector_length = pages;
  scan.return_mask = kAllCategories;
  int found = ioctl(pagemap, uapi::kScanCall, &scan);
  if (found < 0) {  // a kernel that does not know the newest category
    scan.return_mask = kAllCategories >> 1;
    found = ioctl(pagemap, uapi::kScanCall, &scan);
  }
  if (found < 0) {
    scan.return_mask = kAllCategories >> 2;
    found = ioctl(pagemap, uapi::kScanCall, &scan);
  }
  for (int i = 0; i < found; ++i) {
    const uapi::PageRegion& region = regions[static_cast<std::size_t>(i)];
    for (std::uint64_t at = region.start; at < region.end; at += page_size) {
      categories[(at - start) / page_size] = region.categories;
    }
  }
  return categories;
}

VmaView ViewOf(const SmapsArea& area, std::uint64_t page_size) {
  VmaView view;
  view.start = area.start;
  view.end = area.end;
  view.prot = area.prot;
  view.flags = area.flags;
  view.rss_pages = area.rss_kib * 1024 / page_size;
  view.swap_pages = area.swap_kib * 1024 / page_size;
  view.anon_pages = area.anon_kib * 1024 / page_size;
  view.huge_pages = area.huge_kib * 1024 / page_size;
  return view;
}

}  // namespace

Looker::Looker()
    : page_size_(static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))),
      kpageflags_(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC)),
      kpagecount_(open("/proc/kpagecount", O_RDONLY | O_CLOEXEC)) {}

Looker::~Looker() {
  if (kpageflags_ >= 0) close(kpageflags_);
  if (kpagecount_ >= 0) close(kpagecount_);
}

void Looker::AddFrames(std::vector<PageView>* pages,
                       const std::vector<std::uint64_t>& words) const {
  for (std::size_t i = 0; i < pages->size(); ++i) {
    if (!Bit(words[i], kPresentBit)) continue;
    PageView& page = (*pages)[i];
    const std::uint64_t pfn = words[i] & kFrameMask;
    page.pfn = Pfn(static_cast<std::uint32_t>(pfn));
    page.has_frame = true;
    const std::uint64_t flags = ReadWords(kpageflags_, pfn, 1)[0];
    for (const BitLetter& row : kFrameLetters) {
      const bool hidden = row.letter == 'T' && Bit(flags, kHugetlbBit);
      if (Bit(flags, row.bit) && !hidden) page.frame += row.letter;
    }
    page.frame += std::to_string(ReadWords(kpagecount_, pfn, 1)[0]);
  }
}

bool Looker::CanReadTables(std::string* why) {
  if (kpageflags_ >= 0 && kpagecount_ >= 0) return walker_.Open(why);
  *why = "/proc/kpageflags cannot be read";
  return false;
}

const std::string& Looker::Lacks() {
  if (knows_lacks_) return lacks_;
  std::string why;
  const auto lack = [&](const char* what) {
    lacks_ += (lacks_.empty() ? "" : " ") + std::string(what);
  };
  // Every mapping is soft-dirty when it is new.
  if (ReadWhole("/proc/self/smaps").find(" sd") == std::string::npos) lack("soft-dirty");
  if (!CanReadTables(&why)) lack("page-tables");
  if (access("/proc/sys/vm/memory_failure_recovery", F_OK) != 0) lack("memory-failure");
  // There is no folder where the CPU has no huge pages, or the kernel was built without them.
  if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0) lack("thp");
  knows_lacks_ = true;
  return lacks_;
}

bool Looker::Look(Workers* workers, std::uint32_t process, const Names& names, bool raw,
                  ProcessView* view, std::string* why) {
  const pid_t pid = workers->Pid(process);
  const std::string folder = "/proc/" + std::to_string(pid);
  if (raw && !CanReadTables(why)) return false;
  const int pagemap = open((folder + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC);
  for (const SmapsArea& area : ReadSmaps(folder + "/smaps")) {
    if (!names.SlotOf(area.start)) continue;
    VmaView vma = ViewOf(area, page_size_);
    const std::uint64_t count = (area.end - area.start) / page_size_;
    const auto words = ReadWords(pagemap, area.start / page_size_, count);
    const auto categories = ScanPages(pagemap, area.start, area.end, page_size_);
    Request request;
    request.look_mincore = true;
    request.start = area.start;
    request.length = area.end - area.start;
    Answer answer;
    std::vector<unsigned char> resident(count);
    if (!workers->Ask(process, request, &answer, &resident)) {
      *why = "the process does not answer";
      close(pagemap);
      return false;
    }
    vma.pages.resize(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      vma.pages[i].pagemap = PagemapText(words[i]);
      vma.pages[i].scan = CategoryLetters(categories[i]);
      vma.pages[i].mincore = (resident[i] & 1U) != 0;
    }
    if (raw) {
      AddFrames(&vma.pages, words);
      walker_.AddEntries(pid, area.start, area.hugetlb, &vma.pages);
    }
    view->vmas.push_back(std::move(vma));
  }
  close(pagemap);
  return true;
}

UffdView Looker::LookAtUffd(pid_t pid, int descriptor) const {
  const std::string text =
      ReadWhole("/proc/" + std::to_string(pid) + "/fdinfo/" + std::to_string(descriptor));
  UffdView view;
  const auto value = [&](const char* name) -> const char* {
    const std::size_t at = text.find(name);
    return at == std::string::npos ? "" : text.c_str() + at + std::char_traits<char>::length(name);
  };
  view.pending = std::strtoull(value("pending:"), nullptr, 10);
  view.total = std::strtoull(value("total:"), nullptr, 10);
  std::uint64_t api = 0;
  std::uint64_t features = 0;
  if (std::sscanf(value("API:"), " %" SCNx64 ":%" SCNx64, &api, &features) == 2) {
    view.features = features;
  }
  return view;
}

bool Looker::IsHugetlb(pid_t pid, std::uint64_t address) const {
  const auto areas = ReadSmaps("/proc/" + std::to_string(pid) + "/smaps");
  return std::any_of(areas.begin(), areas.end(), [&](const SmapsArea& area) {
    return area.hugetlb && address >= area.start && address < area.end;
  });
}

bool Looker::PageBytes(pid_t pid, std::uint64_t start, std::uint64_t length,
                       std::vector<std::pair<int, std::uint64_t>>* values, std::string* why) {
  if (!walker_.OpenMemory(why)) return false;
  const int pagemap =
      open(("/proc/" + std::to_string(pid) + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC);
  const std::uint64_t first = start / page_size_;
  const std::uint64_t last = (start + length) / page_size_;
  const auto words = ReadWords(pagemap, first, last - first);
  close(pagemap);
  for (const std::uint64_t word : words) {
    int byte = -1;
    if (Bit(word, kSwapBit)) {
      byte = -2;
    } else if (Bit(word, kPresentBit)) {
      byte = walker_.ByteOfFrame(word & kFrameMask);
    }
    if (values->empty() || values->back().first != byte) values->emplace_back(byte, 0);
    ++values->back().second;
  }
  return true;
}

}  // namespace uffdsim

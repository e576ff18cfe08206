#include "sim/scenario/export_c.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/scenario/format.h"
#include "sim/scenario/kernel_settings.h"
#include "sim/scenario/names.h"
#include "sim/scenario/syntax.h"
#include "sim/scenario/translate.h"
#include "sim/scenario/words.h"

namespace uffdsim {
namespace {

constexpr int kAdviceNumbers[] = {0,  1,   2,   3,  4,  24, 8,  9,  20, 21,  25,  14, 15, 22,
                                  23, 102, 103, 12, 13, 10, 11, 18, 19, 100, 101, 16, 17};

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string Hex(std::uint64_t n) { return absl::StrFormat("%#xul", n); }

std::string ProtText(std::uint8_t prot) {
  if (prot == 0) return "PROT_NONE";
  std::string text;
  const auto add = [&](bool set, const char* name) {
    if (set) absl::StrAppend(&text, text.empty() ? "" : " | ", name);
  };
  add((prot & kProtRead) != 0, "PROT_READ");
  add((prot & kProtWrite) != 0, "PROT_WRITE");
  add((prot & kProtExec) != 0, "PROT_EXEC");
  return text;
}

const char* MapText(MapKind kind) {
  switch (kind) {
    case MapKind::kAnon: return "MAP_PRIVATE | MAP_ANONYMOUS";
    case MapKind::kShmem: return "MAP_SHARED | MAP_ANONYMOUS";
    case MapKind::kHugeAnon: return "MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB";
    case MapKind::kHugeShared: return "MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB";
    case MapKind::kFileShared: return "MAP_SHARED";
    case MapKind::kFilePrivate: return "MAP_PRIVATE";
    case MapKind::kSpecial: return "";
  }
  return "";
}

// The body of one operation: statements of C that end by answering.
class Body {
 public:
  Body(const Statement& s, const Operation& op, int index, const std::string& text)
      : s_(s), op_(op), call_(absl::StrCat(index, ", ", Quoted(text))), index_(index) {}

  // Empty when no system call does it.
  std::string Text() const;

 private:
  std::string Answer(const std::string& expression) const {
    return absl::StrCat("answer(", call_, ", ", expression, ");");
  }
  std::string Range() const { return absl::StrCat(Hex(op_.start), ", ", Hex(op_.length)); }
  std::string At() const { return absl::StrCat("(void *)", Hex(op_.start), ", ", Hex(op_.length)); }
  std::string Ioctl(const std::string& call, const std::string& type,
                    const std::string& initial) const {
    return absl::StrCat("{ ", type, " a = {", initial, "}; ",
                        Answer(absl::StrCat("ioctl(", s_.uffd, ", ", call, ", &a)")), " }");
  }
  std::string Touch(char how, const char* of) const {
    return absl::StrCat("touch(", call_, ", '", std::string(1, how), "', ", Hex(op_.start), ", ",
                        op_.length, " / PAGE, ", op_.value, ", ", of, ");");
  }
  std::string WriteFile(const std::string& path, const std::string& value) const {
    return absl::StrCat("write_file(", call_, ", ", Quoted(path), ", ", Quoted(value), ");");
  }
  // `sysfs /proc/cmdline/NAME VALUE` is a word of the boot loader: it is there, or it is not.
  std::string BootWord() const {
    constexpr std::string_view kBoot = "/proc/cmdline/";
    return s_.path.rfind(kBoot, 0) == 0 ? s_.path.substr(kBoot.size()) + "=" + s_.text : "";
  }
  std::string HasBootWord() const {
    return absl::StrCat(
        "{ char words[4096] = \"\"; int f = open(\"/proc/cmdline\", O_RDONLY); "
        "long n = read(f, words, sizeof words - 1); close(f); errno = EINVAL; answer(",
        call_, ", n > 0 && strstr(words, ", Quoted(BootWord()), ") ? 0 : -1); }");
  }
  std::uint64_t FillMode() const;
  std::string Memory() const;
  std::string Files() const;
  std::string Access() const;
  std::string Uffd() const;
  std::string Machine() const;

  const Statement& s_;
  const Operation& op_;
  std::string call_;
  int index_;
};

std::uint64_t Body::FillMode() const {
  if ((op_.flags & kOpRawMode) != 0) return op_.mode;
  const bool protects = op_.code == OpCode::k_rwprotect || op_.code == OpCode::k_writeprotect;
  if (protects) {
    return ((op_.flags & kOpOn) != 0 ? 1U : 0U) | ((op_.flags & kOpDontwake) != 0 ? 2U : 0U);
  }
  return ((op_.flags & kOpDontwake) != 0 ? 1U : 0U) |
         ((op_.flags & (kOpWp | kOpHoles)) != 0 ? 2U : 0U);
}

std::string Body::Memory() const {
  switch (op_.code) {
    case OpCode::k_map: {
      if (op_.map_kind == MapKind::kSpecial) return "";
      const bool file =
          op_.map_kind == MapKind::kFileShared || op_.map_kind == MapKind::kFilePrivate;
      std::string flags = absl::StrCat(MapText(op_.map_kind), " | MAP_FIXED");
      if ((op_.flags & kOpNoreserve) != 0) flags += " | MAP_NORESERVE";
      if ((op_.flags & kOpPopulate) != 0) flags += " | MAP_POPULATE";
      if ((op_.flags & kOpLocked) != 0) flags += " | MAP_LOCKED";
      if ((op_.flags & kOpGigantic) != 0) flags += " | (30 << 26)";  // MAP_HUGE_1GB
      return Answer(absl::StrCat("mmap(", At(), ", ", ProtText(op_.prot), ", ", flags, ", ",
                                 file ? s_.file : "-1", ", ", op_.start2,
                                 ") == MAP_FAILED ? -1 : 0"));
    }
    case OpCode::k_munmap: return Answer(absl::StrCat("munmap(", At(), ")"));
    case OpCode::k_mprotect:
      return Answer(absl::StrCat("mprotect(", At(), ", ", ProtText(op_.prot), ")"));
    case OpCode::k_mlock:
      return Answer(
          absl::StrCat("mlock2(", At(), ", ", (op_.flags & kOpOnfault) != 0 ? 1 : 0, ")"));
    case OpCode::k_munlock: return Answer(absl::StrCat("munlock(", At(), ")"));
    case OpCode::k_mseal: return Answer(absl::StrCat("syscall(462, ", Range(), ", 0)"));
    case OpCode::k_mremap: {
      const bool in_place = (op_.flags & kOpInPlace) != 0;
      const int flags = (in_place ? 0 : 3) | ((op_.flags & kOpDontunmap) != 0 ? 5 : 0);
      return Answer(absl::StrCat("mremap(", At(), ", ", Hex(op_.length2), ", ", flags,
                                 in_place ? "" : absl::StrCat(", (void *)", Hex(op_.start2)),
                                 ") == MAP_FAILED ? -1 : 0"));
    }
    case OpCode::k_madvise:
      return Answer(absl::StrCat("madvise(", At(), ", ",
                                 kAdviceNumbers[static_cast<std::size_t>(op_.advice)], ") /* ",
                                 std::string(AdviceWord(op_.advice)), " */"));
    case OpCode::k_mbind:
      return absl::StrCat("{ unsigned long mask = ", op_.start2, "; ",
                          Answer(absl::StrCat("syscall(SYS_mbind, ", Range(), ", ", op_.value,
                                              ", &mask, 64, ", op_.mode, ")")),
                          " }");
    case OpCode::k_migrate:
      return absl::StrCat(
          "{ uint64_t count = ", op_.length, " / PAGE; void **at = calloc(count, 8); int *node = ",
          "calloc(count, 4), *status = calloc(count, 4); for (uint64_t p = 0; p < count; ++p) { ",
          "at[p] = (void *)(", Hex(op_.start), " + p * PAGE); node[p] = ", op_.value, "; } ",
          Answer(absl::StrCat("syscall(SYS_move_pages, 0, count, at, ",
                              (op_.flags & kOpQuery) != 0 ? "NULL" : "node", ", status, ",
                              (op_.flags & kOpQuery) != 0 ? 0
                              : (op_.flags & kOpAll) != 0 ? 4
                                                          : 2,
                              ")")),
          " free(at); free(node); free(status); }");
    default: return "";
  }
}

std::string Body::Files() const {
  const std::string& file = s_.file;
  switch (op_.code) {
    case OpCode::k_memfd:
      if ((op_.flags & (kOpRamfs | kOpGuestMemfd)) != 0) return "";
      return absl::StrCat(file, " = memfd_create(", Quoted(file), ", ",
                          (op_.flags & kOpHugetlb) != 0 ? "MFD_HUGETLB" : "0",
                          (op_.flags & kOpGigantic) != 0 ? " | 30u << 26" : "", "); ",
                          Answer(absl::StrCat("ftruncate(", file, ", ", op_.length, ")")));
    case OpCode::k_ftruncate:
      return Answer(absl::StrCat("ftruncate(", file, ", ", op_.length, ")"));
    case OpCode::k_fallocate:
      return Answer(absl::StrCat("fallocate(", file, ", ", (op_.flags & kOpPunch) != 0 ? 3 : 0,
                                 ", ", op_.start, ", ", op_.length, ")"));
    case OpCode::k_fread:
      return absl::StrCat("{ unsigned char byte; ",
                          Answer(absl::StrCat("pread(", file, ", &byte, 1, ", op_.start, ")")),
                          " }");
    case OpCode::k_fwrite:
      return absl::StrCat("{ unsigned char byte = ", op_.value,
                          "; long n = 0; for (uint64_t p = 0; ", "n >= 0 && p < ", op_.length,
                          " / PAGE; ++p) n = pwrite(", file, ", &byte, 1, (off_t)(", op_.start,
                          " + p * PAGE)); ", Answer("n"), " }");
    default: return "";
  }
}

std::string Body::Access() const {
  const std::string of =
      absl::StrCat("shared->pid[", s_.Has(Role::kTarget) ? s_.target : s_.process, "]");
  switch (op_.code) {
    case OpCode::k_read: return Touch('r', "0");
    case OpCode::k_write: return Touch('w', "0");
    case OpCode::k_add: return Touch('a', "0");
    case OpCode::k_kernel_read: return Touch('k', "0");
    case OpCode::k_kernel_write: return Touch('K', "0");
    case OpCode::k_proc_mem_read: return Touch('p', "0");
    case OpCode::k_proc_mem_write: return Touch('P', "0");
    case OpCode::k_gup_read: return Touch('g', of.c_str());
    case OpCode::k_gup_write: return Touch('G', of.c_str());
    default: return "";
  }
}

std::string Body::Uffd() const {
  const std::string range = absl::StrCat("{", Range(), "}");
  const std::string fill = absl::StrCat(range, ", ", FillMode(), ", 0");
  switch (op_.code) {
    case OpCode::k_uffd:
      return absl::StrCat(s_.uffd, " = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK",
                          (op_.flags & kOpUserModeOnly) != 0 ? " | 1" : "", "); ",
                          Ioctl("UFFDIO_API", "struct uffdio_api",
                                absl::StrCat(Hex(op_.api), ", ", Hex(op_.features), ", 0")));
    case OpCode::k_register:
      return Ioctl("UFFDIO_REGISTER", "struct uffdio_register",
                   absl::StrCat(range, ", ", op_.mode, ", 0"));
    case OpCode::k_unregister: return Ioctl("UFFDIO_UNREGISTER", "struct uffdio_range", Range());
    case OpCode::k_wake: return Ioctl("UFFDIO_WAKE", "struct uffdio_range", Range());
    case OpCode::k_close: return Answer(absl::StrCat("close(", s_.uffd, ")"));
    case OpCode::k_rwprotect:
      return Ioctl("CALL_RWPROTECT", "struct protect", absl::StrCat(range, ", ", FillMode()));
    case OpCode::k_writeprotect:
      return Ioctl("CALL_WRITEPROTECT", "struct protect", absl::StrCat(range, ", ", FillMode()));
    case OpCode::k_set_mode:
      return Ioctl("CALL_SET_MODE", "struct set_mode",
                   absl::StrCat(Hex(op_.features), ", ", Hex(op_.disable)));
    case OpCode::k_zeropage: return Ioctl("CALL_ZEROPAGE", "struct fill", fill);
    case OpCode::k_continue: return Ioctl("CALL_CONTINUE", "struct fill", fill);
    case OpCode::k_poison: return Ioctl("CALL_POISON", "struct fill", fill);
    case OpCode::k_move:
      return Ioctl("CALL_MOVE", "struct copy",
                   absl::StrCat(Hex(op_.start), ", ", Hex(op_.start2), ", ", Hex(op_.length), ", ",
                                FillMode(), ", 0"));
    case OpCode::k_copy: {
      const std::string from =
          op_.copy_from_memory
              ? Hex(op_.start2)
              : absl::StrCat("(uint64_t)(uintptr_t)source(", op_.length, ", ", op_.value, ")");
      return Ioctl(
          "CALL_COPY", "struct copy",
          absl::StrCat(Hex(op_.start), ", ", from, ", ", Hex(op_.length), ", ", FillMode(), ", 0"));
    }
    case OpCode::k_messages:
      return absl::StrCat("{ int child = -1; messages(", call_, ", ", s_.uffd,
                          ", &child); if (child >= 0) ", s_.uffd, "_child = child; }");
    default: return "";
  }
}

std::string Body::Machine() const {
  switch (op_.code) {
    case OpCode::k_fork: return absl::StrCat("fork_to(", call_, ", ", s_.target, ");");
    case OpCode::k_exit: return Answer(absl::StrCat("kill(shared->pid[", s_.target, "], SIGKILL)"));
    case OpCode::k_observe: return absl::StrCat("observe(", index_, ");");
    case OpCode::k_clear_refs: return WriteFile("/proc/self/clear_refs", absl::StrCat(op_.value));
    case OpCode::k_drop_caches:
      return WriteFile("/proc/sys/vm/drop_caches", absl::StrCat(op_.value));
    case OpCode::k_compact: return WriteFile("/proc/sys/vm/compact_memory", "1");
    case OpCode::k_sysfs: return BootWord().empty() ? WriteFile(s_.path, s_.text) : HasBootWord();
    case OpCode::k_ksm:
      return WriteFile("/sys/kernel/mm/ksm/run", op_.text == "run"    ? "1"
                                                 : op_.text == "stop" ? "0"
                                                                      : "2") +
             " sleep(1);";
    case OpCode::k_swapon: return Answer("swapon(swap_device, 0)");
    case OpCode::k_swapoff: return Answer("swapoff(swap_device)");
    case OpCode::k_sleep:
    case OpCode::k_spin:
    case OpCode::k_quiesce:
    case OpCode::k_note: return absl::StrCat("usleep(1000 * ", op_.value, "ul);");
    case OpCode::k_scan:
      return absl::StrCat("scan(", call_, ", (struct scan_arg){", op_.scan.size, ", ",
                          op_.scan.flags, ", ", Hex(op_.start), ", ", Hex(op_.start + op_.length),
                          ", 0, 0, ", op_.scan.vec_len, ", ", op_.scan.max_pages, ", ",
                          op_.scan.category_inverted, ", ", op_.scan.category_mask, ", ",
                          op_.scan.category_anyof_mask, ", ", op_.scan.return_mask, "});");
    default: return "";
  }
}

std::string Body::Text() const {
  if (!s_.thread.empty()) return "";  // steps of a thread
  for (const std::string& text : {Memory(), Files(), Access(), Uffd(), Machine()}) {
    if (!text.empty()) return text;
  }
  return "";
}

std::string Variables(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    if (s.Has(Role::kUffd)) names.insert(names.end(), {s.uffd, s.uffd + "_child"});
    if (s.Has(Role::kFile)) names.push_back(s.file);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const std::string& name : names) {
    absl::StrAppend(&text, "static int ", name, " __attribute__((unused)) = -1;\n");
  }
  return text;
}

// The settings that the scenario needs, as calls.
std::string Settings(const Scenario& scenario) {
  bool hugetlb = false;
  bool ksm = false;
  for (const Line& line : scenario.lines) {
    const Statement& s = line.statement;
    hugetlb |= s.code == OpCode::k_map &&
               (s.map_kind == MapKind::kHugeAnon || s.map_kind == MapKind::kHugeShared);
    ksm |= s.code == OpCode::k_ksm;
  }
  std::string text;
  for (const KernelSetting& setting : kKernelSettings) {
    if (setting.what == KernelSetting::For::kHugetlb && !hugetlb) continue;
    if (setting.what == KernelSetting::For::kKsm && !ksm) continue;
    absl::StrAppend(&text, "  set(", Quoted(setting.path), ",\n      ", Quoted(setting.value),
                    ");\n");
  }
  return text;
}

bool SwitchesSwapOn(const Scenario& scenario) {
  return std::any_of(scenario.lines.begin(), scenario.lines.end(), [](const Line& line) {
    return line.kind == Line::Kind::kOperation && line.statement.code == OpCode::k_swapon;
  });
}

std::string RegionNames(const Names& names) {
  std::string text;
  for (std::size_t i = 0; i < names.regions(); ++i) {
    absl::StrAppend(&text, Quoted(names.RegionName(i)), ", ");
  }
  return text.empty() ? "0" : text;
}

}  // namespace

absl::StatusOr<std::string> ExportC(const Scenario& scenario, std::uint64_t page_size) {
  Names names(page_size);
  names.Learn(scenario);
  std::string processes;
  std::string bodies;
  int count = 0;
  for (const Line& line : scenario.lines) {
    if (line.kind != Line::Kind::kOperation) continue;
    const Statement& s = line.statement;
    const std::string text = FormatStatement(s);
    const Operation op = ToOperation(s, &names);
    const std::string body = Body(s, op, count, text).Text();
    if (body.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(scenario.name, ":", line.number, ":1: no system call does '", text, "'"));
    }
    absl::StrAppend(&processes, s.process, ", ");
    absl::StrAppend(&bodies, "    case ", count++, ":  /* ", text, " */\n      ", body,
                    "\n      break;\n");
  }
  std::string out =
      "/* Generated by `uffdsim scenario export-c`: gcc -Wall -pthread FILE.c; run as root.\n";
  absl::StrAppend(&out, " * A scenario that uses swap takes a swap device as its argument. */\n",
                  "#define PAGE ", page_size, "ul\n#define BASE ", Hex(kSlotBase), "\n#define TOP ",
                  Hex(kSlotBase + kSlotBytes * names.regions()), "\n#define REGION ",
                  Hex(kSlotBytes), "\nstatic const char *const regions[] = {", RegionNames(names),
                  "};\nstatic const int process_of[] = {", processes, "};\n");
  const std::string_view runtime = ExportedRuntime();
  out.append(runtime.data(), runtime.size());
  absl::StrAppend(
      &out, "\nstatic const char *swap_device __attribute__((unused)) = \"/dev/zram0\";\n",
      Variables(scenario), "\nstatic void perform(int i) {\n  switch (i) {\n", bodies,
      "  }\n}\n\nint main(int argc, char **argv) {\n",
      "  if (argc > 1) swap_device = argv[1];\n  share();\n", Settings(scenario), "  run_all(",
      count, ");\n", SwitchesSwapOn(scenario) ? "  swapoff(swap_device);\n" : "",
      "  put_back();\n  return 0;\n}\n");
  return out;
}

}  // namespace uffdsim

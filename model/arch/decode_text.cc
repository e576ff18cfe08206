// The printed forms of a word: text for people, JSON, and the difference of two.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/arch/decode.h"

namespace uffdsim {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

// The predicates mean something for these kinds only; on a swap entry they read its offset.
bool IsMapping(WordKind kind) {
  return kind == WordKind::kPresent || kind == WordKind::kProtnone || kind == WordKind::kTable;
}

// What the predicates say, beside the raw fields.
std::vector<std::string_view> StateWords(const Arch& arch, Form form, Word word) {
  std::vector<std::string_view> words;
  if (arch.HwValid(form, word)) words.push_back("hw-valid");
  if (arch.Write(form, word)) words.push_back("write");
  if (arch.Exec(form, word)) words.push_back("exec");
  if (arch.Dirty(form, word)) words.push_back("dirty");
  if (arch.Young(form, word)) words.push_back("young");
  if (arch.Uffd(form, word)) words.push_back("uffd");
  if (arch.SoftDirty(form, word)) words.push_back("soft-dirty");
  if (arch.Special(form, word)) words.push_back("special");
  if (form == Form::kPmd && arch.Leaf(word)) words.push_back("leaf");
  return words;
}

std::string Hex(std::uint64_t n) { return n == 0 ? "0" : absl::StrFormat("%#x", n); }

std::string ValueText(const FieldValue& field) {
  if (field.value == 1 && field.name != "pfn" && field.name != "offset" && field.name != "type") {
    return field.name;
  }
  return absl::StrFormat("%s=%#x", field.name, field.value);
}

}  // namespace

std::string PteDecode(const Arch& arch, Form form, Word word) {
  const WordKind kind = ClassifyWord(arch, form, word);
  std::string out = absl::StrFormat("0x%016x  %s %s\n  kind     %s\n", word, Absl(arch.name()),
                                    Absl(FormName(form)), Absl(WordKindName(kind)));
  std::string fields;
  for (const FieldValue& field : FieldsOf(arch, form, word)) {
    absl::StrAppend(&fields, fields.empty() ? "" : " ", ValueText(field));
  }
  if (!fields.empty()) absl::StrAppend(&out, "  fields   ", fields, "\n");
  if (kind == WordKind::kPresent || kind == WordKind::kProtnone) {
    std::string state;
    for (const std::string_view s : StateWords(arch, form, word)) {
      absl::StrAppend(&state, state.empty() ? "" : " ", Absl(s));
    }
    absl::StrAppend(&out, "  state    ", state, "\n");
  }
  absl::StrAppend(&out, "  letters  ", EntryLetters(arch, form, word), "\n");
  return out;
}

std::string PteDecodeJson(const Arch& arch, Form form, Word word) {
  const WordKind kind = ClassifyWord(arch, form, word);
  std::string out = absl::StrFormat(
      "{\"arch\":\"%s\",\"form\":\"%s\",\"word\":\"0x%016x\",\"kind\":\"%s\",\"fields\":{",
      Absl(arch.name()), Absl(FormName(form)), word, Absl(WordKindName(kind)));
  std::string_view comma;
  for (const FieldValue& field : FieldsOf(arch, form, word)) {
    absl::StrAppendFormat(&out, "%s\"%s\":\"%#x\"", Absl(comma), field.name, field.value);
    comma = ",";
  }
  absl::StrAppend(&out, "},\"state\":[");
  if (IsMapping(kind)) {
    comma = "";
    for (const std::string_view s : StateWords(arch, form, word)) {
      absl::StrAppendFormat(&out, "%s\"%s\"", Absl(comma), Absl(s));
      comma = ",";
    }
  }
  absl::StrAppend(&out, "],\"letters\":\"", EntryLetters(arch, form, word), "\"}");
  return out;
}

std::string PteDecodeHugetlb(const Arch& arch, HugeSize size, Word raw) {
  const Word pte = arch.HugetlbLoad(size, raw);
  std::string out;
  if (pte != raw)
    absl::StrAppendFormat(&out, "0x%016x  as stored, which pte helpers see as\n", raw);
  return out + PteDecode(arch, Form::kPte, pte);
}

std::string PteDecodeHugetlbJson(const Arch& arch, HugeSize size, Word raw) {
  return absl::StrFormat("{\"stored\":\"0x%016x\",", raw) +
         PteDecodeJson(arch, Form::kPte, arch.HugetlbLoad(size, raw)).substr(1);
}

std::optional<HugeSize> ParseHugeSize(std::string_view name) {
  if (name == "contpte") return HugeSize::kContPte;
  if (name == "pmd") return HugeSize::kPmd;
  if (name == "contpmd") return HugeSize::kContPmd;
  if (name == "pud") return HugeSize::kPud;
  return std::nullopt;
}

namespace {

// A field that differs, with its value on both sides.
struct Change {
  std::string name;
  std::uint64_t before;
  std::uint64_t after;
};

std::uint64_t ValueOf(const std::vector<FieldValue>& fields, const std::string& name) {
  for (const FieldValue& field : fields) {
    if (field.name == name) return field.value;
  }
  return 0;
}

// First what was there before, in its order, then what is new.
std::vector<Change> Changes(const Arch& arch, Form form, Word before, Word after) {
  const std::vector<FieldValue> old_fields = FieldsOf(arch, form, before);
  const std::vector<FieldValue> new_fields = FieldsOf(arch, form, after);
  std::vector<Change> changes;
  for (const FieldValue& field : old_fields) {
    const std::uint64_t now = ValueOf(new_fields, field.name);
    if (now != field.value) changes.push_back({field.name, field.value, now});
  }
  for (const FieldValue& field : new_fields) {
    if (field.value != 0 && ValueOf(old_fields, field.name) == 0) {
      changes.push_back({field.name, 0, field.value});
    }
  }
  return changes;
}

}  // namespace

std::string PteDiffJson(const Arch& arch, Form form, Word before, Word after) {
  std::string out = absl::StrCat("{\"before\":", PteDecodeJson(arch, form, before),
                                 ",\"after\":", PteDecodeJson(arch, form, after), ",\"changes\":{");
  std::string_view comma;
  for (const Change& change : Changes(arch, form, before, after)) {
    absl::StrAppendFormat(&out, "%s\"%s\":[\"%s\",\"%s\"]", Absl(comma), change.name,
                          Hex(change.before), Hex(change.after));
    comma = ",";
  }
  return out + "}}";
}

std::string PteDiff(const Arch& arch, Form form, Word before, Word after) {
  const auto line = [&arch, form](std::string_view mark, Word w) {
    return absl::StrFormat("%s 0x%016x  %s  %s\n", Absl(mark), w,
                           Absl(WordKindName(ClassifyWord(arch, form, w))),
                           EntryLetters(arch, form, w));
  };
  std::string out = line("-", before) + line("+", after);
  for (const Change& change : Changes(arch, form, before, after)) {
    absl::StrAppendFormat(&out, "  %-14s %s -> %s\n", change.name, Hex(change.before),
                          Hex(change.after));
  }
  return out;
}

}  // namespace uffdsim

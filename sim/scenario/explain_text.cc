#include "sim/scenario/explain_text.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/arch/decode.h"
#include "model/mm/entry.h"
#include "sim/scenario/json.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

std::string Text(std::string_view text) { return std::string(text); }

std::string MarkerWords(std::uint64_t bits) {
  std::string words = "marker";
  if ((bits & kMarkerUffdWp) != 0) words += " uffd-wp";
  if ((bits & kMarkerPoisoned) != 0) words += " poisoned";
  if ((bits & kMarkerGuard) != 0) words += " guard";
  return words;
}

std::string PresentWords(const Arch& arch, Form form, Word word) {
  std::string words = arch.Protnone(form, word) ? "protnone" : "present";
  if (arch.Write(form, word)) words += " write";
  if (arch.Young(form, word)) words += " young";
  if (arch.Dirty(form, word)) words += " dirty";
  if (arch.Uffd(form, word)) words += " uffd";
  if (arch.SoftDirty(form, word)) words += " soft-dirty";
  return words;
}

// Frame or swap slot that the word names; nothing for markers and empty entries.
std::string Target(const Arch& arch, Form form, Word word) {
  const EntryKind kind = Classify(arch, form, word);
  if (kind == EntryKind::kNone || kind == EntryKind::kMarker) return "";
  if (kind == EntryKind::kSwap) return absl::StrCat("slot ", SwapSlotOf(arch, word).value);
  const Pfn pfn =
      kind == EntryKind::kPresent ? arch.PfnOf(form, word) : SoftleafPfn(arch, form, word);
  return absl::StrCat("pfn ", pfn.value);
}

std::string WordLine(const Arch& arch, Form form, Word raw, Word word) {
  std::string line = absl::StrFormat("%016x  %-10s %s", raw, EntryLetters(arch, form, word),
                                     EntryWords(arch, form, word));
  if (const std::string target = Target(arch, form, word); !target.empty()) {
    absl::StrAppend(&line, "  ", target);
  }
  return line;
}

void WriteWord(JsonWriter* j, std::string_view key, const Arch& arch, Form form, Word raw,
               Word word) {
  j->Object(key, [&] {
    j->Field("word", absl::StrFormat("0x%016x", raw));
    j->Field("letters", EntryLetters(arch, form, word));
    j->Field("means", EntryWords(arch, form, word));
    j->Object("fields", [&] {
      for (const FieldValue& field : FieldsOf(arch, form, word)) {
        j->Field(field.name, static_cast<std::int64_t>(field.value));
      }
    });
  });
}

}  // namespace

std::string EntryWords(const Arch& arch, Form form, Word word) {
  const EntryKind kind = Classify(arch, form, word);
  if (kind == EntryKind::kNone) return "none";
  if (kind == EntryKind::kPresent) return PresentWords(arch, form, word);
  if (kind == EntryKind::kMarker) return MarkerWords(MarkerOf(arch, word));
  std::string words = Text(WordKindName(ClassifyWord(arch, form, word)));
  if (IsMigration(kind)) {
    const MigrationAd ad = MigrationAdOf(arch, form, word);
    if (ad.young) words += " young";
    if (ad.dirty) words += " dirty";
  }
  if (kind == EntryKind::kSwap && arch.SwpExclusive(word)) words += " exclusive";
  if (arch.SwpUffd(form, word)) words += " uffd";
  if (arch.SwpSoftDirty(form, word)) words += " soft-dirty";
  return words;
}

std::string EffectText(const Arch& arch, const StepEffect& effect, const Record& record) {
  std::string name =
      effect.path.empty() ? Text(OpName(record.code)) : absl::StrCat(effect.path, ".", effect.step);
  if (!effect.path.empty() && effect.operation != static_cast<std::uint64_t>(record.index)) {
    absl::StrAppend(&name, " [", effect.operation, "]");
  }
  std::string text = effect.kernel.empty() ? absl::StrCat("  ", name, "\n")
                                           : absl::StrFormat("  %-28s %s\n", name, effect.kernel);
  for (const EntryChange& change : effect.changes) {
    const std::string place =
        change.count == 1 ? change.place : absl::StrCat(change.place, "+", change.count);
    absl::StrAppendFormat(&text, "    %-10s %-7s %s\n    %-10s %7s %s\n", place, change.level,
                          WordLine(arch, change.form, change.raw_before, change.before), "", "->",
                          WordLine(arch, change.form, change.raw_after, change.after));
  }
  for (const std::string& event : effect.events) absl::StrAppend(&text, "    ", event, "\n");
  return text;
}

std::string EffectJson(const Arch& arch, const StepEffect& effect) {
  JsonWriter j;
  j.Object([&] {
    j.Field("path", effect.path);
    j.Field("step", effect.step);
    j.Field("kernel", effect.kernel);
    if (!effect.path.empty()) j.Field("i", static_cast<std::int64_t>(effect.operation));
    j.Array("changes", [&] {
      for (const EntryChange& change : effect.changes) {
        j.Object([&] {
          j.Field("at", change.place);
          j.Field("count", static_cast<std::int64_t>(change.count));
          j.Field("level", change.level);
          WriteWord(&j, "before", arch, change.form, change.raw_before, change.before);
          WriteWord(&j, "after", arch, change.form, change.raw_after, change.after);
        });
      }
    });
    j.Array("events", [&] {
      for (const std::string& event : effect.events) j.Value(event);
    });
  });
  return j.text();
}

}  // namespace uffdsim

#include "model/arch/decode.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

const FormLayout& FormOf(const Arch& arch, Form form) {
  return arch.layout().form[static_cast<std::size_t>(form)];
}

// Bits that hold the frame number in present words.
Word FrameBits(const Arch& arch, Form form) {
  const PfnField& pfn = FormOf(arch, form).pfn;
  return pfn.mask | pfn.high_mask;
}

void AddOther(std::vector<FieldValue>& fields, Word other) {
  if (other != 0) fields.push_back({"other", other});
}

std::vector<FieldValue> PresentFields(const Arch& arch, Form form, Word word, WordKind kind) {
  std::vector<FieldValue> fields;
  Word covered = 0;
  if (kind != WordKind::kTable) {
    fields.push_back({"pfn", arch.RawPfn(form, word)});
    covered = FrameBits(arch, form);
  }
  for (const Field& field : arch.layout().fields[static_cast<std::size_t>(form)]) {
    const Word mask = Bits(field.hi, field.lo);
    if ((mask & covered) != 0) continue;  // the frame has these bits in this configuration
    if ((word & mask) != 0) fields.push_back({std::string(field.name), (word & mask) >> field.lo});
    covered |= mask;
  }
  AddOther(fields, word & ~covered);
  return fields;
}

bool IsPfnKind(WordKind kind) {
  switch (kind) {
    case WordKind::kMigrationRead:
    case WordKind::kMigrationReadExclusive:
    case WordKind::kMigrationWrite:
    case WordKind::kDeviceRead:
    case WordKind::kDeviceWrite:
    case WordKind::kDeviceExclusive:
    case WordKind::kHwPoison: return true;
    case WordKind::kNone:
    case WordKind::kTable:
    case WordKind::kPresent:
    case WordKind::kProtnone:
    case WordKind::kSwap:
    case WordKind::kMarker:
    case WordKind::kInvalid: return false;
  }
  return false;
}

bool IsMigration(WordKind kind) {
  return kind == WordKind::kMigrationRead || kind == WordKind::kMigrationReadExclusive ||
         kind == WordKind::kMigrationWrite;
}

struct MarkerName {
  std::uint64_t bit;
  std::string_view name;
};
constexpr MarkerName kMarkers[] = {
    {kMarkerUffdWp, "uffd_wp"}, {kMarkerPoisoned, "poisoned"}, {kMarkerGuard, "guard"}};

std::vector<FieldValue> SoftleafFields(const Arch& arch, Form form, Word word, WordKind kind) {
  const SwpEntry entry = arch.SwpDecode(form, word);
  std::vector<FieldValue> fields;
  std::uint64_t rest = entry.offset;
  if (IsPfnKind(kind)) {
    const std::uint64_t pfn = rest & (Bit(arch.SwpPfnBits()) - 1);
    fields.push_back({"pfn", pfn});
    rest &= ~pfn;
    if (IsMigration(kind) && arch.SupportsMigrationAd()) {
      const Word young = Bit(arch.SwpPfnBits());
      if ((rest & young) != 0) fields.push_back({"young", 1});
      if ((rest & (young << 1)) != 0) fields.push_back({"dirty", 1});
      rest &= ~(young * 3);
    }
  } else if (kind == WordKind::kMarker) {
    for (const MarkerName& marker : kMarkers) {
      if ((rest & marker.bit) != 0) fields.push_back({std::string(marker.name), 1});
      rest &= ~marker.bit;
    }
  } else {
    fields.push_back({"type", entry.type});
    fields.push_back({"offset", rest});
    rest = 0;
  }
  if (rest != 0) fields.push_back({"offset_other", rest});
  const SwpCodec& codec = FormOf(arch, form).swp;
  const Word exclusive = form == Form::kPte ? codec.exclusive : 0;
  if (arch.SwpUffd(form, word)) fields.push_back({"uffd", 1});
  if (arch.SwpSoftDirty(form, word)) fields.push_back({"soft_dirty", 1});
  if ((word & exclusive) != 0) fields.push_back({"exclusive", 1});
  const Word flags = word & (codec.uffd | codec.soft_dirty | exclusive);
  AddOther(fields, (word & ~flags) ^ arch.SwpEncode(form, entry));
  return fields;
}

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

std::string_view WordKindName(WordKind kind) {
  switch (kind) {
    case WordKind::kNone: return "none";
    case WordKind::kTable: return "table";
    case WordKind::kPresent: return "present";
    case WordKind::kProtnone: return "protnone";
    case WordKind::kSwap: return "swap";
    case WordKind::kMigrationRead: return "migration-read";
    case WordKind::kMigrationReadExclusive: return "migration-read-exclusive";
    case WordKind::kMigrationWrite: return "migration-write";
    case WordKind::kDeviceRead: return "device-read";
    case WordKind::kDeviceWrite: return "device-write";
    case WordKind::kDeviceExclusive: return "device-exclusive";
    case WordKind::kHwPoison: return "hwpoison";
    case WordKind::kMarker: return "marker";
    case WordKind::kInvalid: return "invalid";
  }
  return "";
}

WordKind ClassifySoftleaf(const Arch& arch, std::uint8_t type) {
  const SwpTypes& types = arch.swp_types();
  if (type < types.max_swapfiles) return WordKind::kSwap;
  if (type == types.hwpoison) return WordKind::kHwPoison;
  if (type == types.migration_read) return WordKind::kMigrationRead;
  if (type == types.migration_read_exclusive) return WordKind::kMigrationReadExclusive;
  if (type == types.migration_write) return WordKind::kMigrationWrite;
  if (type == types.device_read) return WordKind::kDeviceRead;
  if (type == types.device_write) return WordKind::kDeviceWrite;
  if (type == types.device_exclusive) return WordKind::kDeviceExclusive;
  if (type == types.marker) return WordKind::kMarker;
  return WordKind::kInvalid;
}

WordKind ClassifyWord(const Arch& arch, Form form, Word word) {
  if (arch.None(form, word)) return WordKind::kNone;
  if (arch.Present(form, word)) {
    if (form == Form::kPmd && !arch.Leaf(word)) return WordKind::kTable;
    return arch.Protnone(form, word) ? WordKind::kProtnone : WordKind::kPresent;
  }
  return ClassifySoftleaf(arch, arch.SwpDecode(form, word).type);
}

// ":MFE" with the letters of the flags that are set; nothing when none is.
static std::string SoftleafFlags(const Arch& arch, Form form, Word word) {
  std::string flags;
  if (arch.SwpSoftDirty(form, word)) flags += 'M';
  if (arch.SwpUffd(form, word)) flags += 'F';
  if (form == Form::kPte && arch.SwpExclusive(word)) flags += 'E';
  return flags.empty() ? flags : ":" + flags;
}

std::string EntryLetters(const Arch& arch, Form form, Word word) {
  const WordKind kind = ClassifyWord(arch, form, word);
  switch (kind) {
    case WordKind::kNone: return "0";
    case WordKind::kTable: return "table";
    case WordKind::kPresent:
    case WordKind::kProtnone: {
      std::string letters;
      for (const Letter& l : arch.layout().letters[static_cast<std::size_t>(form)]) {
        if (l.when(word)) letters += l.letter;
      }
      // A hypothetical mark is not in the architecture's own list.
      if (arch.Uffd(form, word) && letters.find('F') == std::string::npos) letters += 'F';
      return letters;
    }
    case WordKind::kSwap: return "swap" + SoftleafFlags(arch, form, word);
    case WordKind::kMigrationRead: return "migR" + SoftleafFlags(arch, form, word);
    case WordKind::kMigrationReadExclusive: return "migRX" + SoftleafFlags(arch, form, word);
    case WordKind::kMigrationWrite: return "migW" + SoftleafFlags(arch, form, word);
    case WordKind::kDeviceRead: return "devR" + SoftleafFlags(arch, form, word);
    case WordKind::kDeviceWrite: return "devW" + SoftleafFlags(arch, form, word);
    case WordKind::kDeviceExclusive: return "devX" + SoftleafFlags(arch, form, word);
    case WordKind::kHwPoison: return "hwpoison" + SoftleafFlags(arch, form, word);
    case WordKind::kMarker:
      return absl::StrCat("marker", arch.SwpDecode(form, word).offset & 7,
                          SoftleafFlags(arch, form, word));
    case WordKind::kInvalid: return "?";
  }
  return "?";
}

std::vector<FieldValue> FieldsOf(const Arch& arch, Form form, Word word) {
  const WordKind kind = ClassifyWord(arch, form, word);
  if (kind == WordKind::kNone) {
    std::vector<FieldValue> fields;
    AddOther(fields, word ^ arch.NoneWord(form));
    return fields;
  }
  return IsMapping(kind) ? PresentFields(arch, form, word, kind)
                         : SoftleafFields(arch, form, word, kind);
}

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

std::string PteDiff(const Arch& arch, Form form, Word before, Word after) {
  const auto line = [&arch, form](std::string_view mark, Word w) {
    return absl::StrFormat("%s 0x%016x  %s  %s\n", Absl(mark), w,
                           Absl(WordKindName(ClassifyWord(arch, form, w))),
                           EntryLetters(arch, form, w));
  };
  std::string out = line("-", before) + line("+", after);
  const std::vector<FieldValue> old_fields = FieldsOf(arch, form, before);
  const std::vector<FieldValue> new_fields = FieldsOf(arch, form, after);
  const auto find = [](const std::vector<FieldValue>& fields, const std::string& name) {
    for (const FieldValue& field : fields) {
      if (field.name == name) return field.value;
    }
    return std::uint64_t{0};
  };
  for (const FieldValue& field : old_fields) {
    const std::uint64_t now = find(new_fields, field.name);
    if (now != field.value) {
      absl::StrAppendFormat(&out, "  %-14s %#x -> %s\n", field.name, field.value, Hex(now));
    }
  }
  for (const FieldValue& field : new_fields) {
    if (find(old_fields, field.name) == 0 && field.value != 0) {
      absl::StrAppendFormat(&out, "  %-14s 0 -> %#x\n", field.name, field.value);
    }
  }
  return out;
}

std::optional<Form> ParseForm(std::string_view name) {
  if (name == "pte") return Form::kPte;
  if (name == "pmd") return Form::kPmd;
  return std::nullopt;
}

std::string_view FormName(Form form) { return form == Form::kPte ? "pte" : "pmd"; }

}  // namespace uffdsim

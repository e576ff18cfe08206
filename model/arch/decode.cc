#include "model/arch/decode.h"

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

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

std::optional<Form> ParseForm(std::string_view name) {
  if (name == "pte") return Form::kPte;
  if (name == "pmd") return Form::kPmd;
  return std::nullopt;
}

std::string_view FormName(Form form) { return form == Form::kPte ? "pte" : "pmd"; }

}  // namespace uffdsim

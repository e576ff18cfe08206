#include "sim/scenario/translate.h"

#include "absl/strings/str_cat.h"
#include "sim/scenario/syntax.h"

namespace uffdsim {
namespace {

bool IsFileOperation(OpCode code) {
  return code == OpCode::k_ftruncate || code == OpCode::k_fallocate || code == OpCode::k_fread ||
         code == OpCode::k_fwrite || code == OpCode::k_memfd;
}

// The second place of the statement, as an address.
std::uint64_t SecondPlace(const Statement& s, Names* names) {
  if (s.code == OpCode::k_map) return names->Bytes(s.file_offset);
  if (s.code == OpCode::k_mbind) return s.number2;
  if (s.region2.empty()) return 0;
  const std::string& region = s.region2 == "-" ? s.region : s.region2;
  return names->Address(region, s.offset2);
}

std::uint64_t FirstPlace(const Statement& s, Names* names) {
  if (IsFileOperation(s.code)) return names->Bytes(s.offset);
  if (!s.Has(Role::kRegion)) return 0;
  return names->Address(s.region, s.code == OpCode::k_map ? s.at : s.offset);
}

std::uint32_t FlagsOf(const Statement& s) {
  std::uint32_t flags = s.flags;
  if (s.region2 == "-") flags |= kOpInPlace;
  if (s.Has(Role::kModeWord)) flags |= kOpRawMode;
  return flags;
}

MmId TargetOf(const Statement& s, MmId self, const Names& names) {
  if (!s.Has(Role::kTarget)) return self;
  return names.Process(s.target).value_or(MmId(static_cast<std::uint16_t>(s.target)));
}

// --- back ---

// Splits an address into a region and an offset; takes new slots as needed.
void SetPlace(std::uint64_t address, Names* names, std::string* region, Quantity* offset) {
  const bool inside = address >= kSlotBase && (address - kSlotBase) / kSlotBytes < kMostSlots;
  const std::uint64_t slot = inside ? (address - kSlotBase) / kSlotBytes : 0;
  while (names->regions() <= slot) names->Region(absl::StrCat("R", names->regions() + 1));
  *region = names->RegionName(static_cast<std::size_t>(slot));
  *offset = names->Pages(inside ? (address - kSlotBase) % kSlotBytes : address - kSlotBase);
}

// Fills one role of the statement from the operation; false when the default says it already.
class RoleFiller {
 public:
  RoleFiller(const Operation& op, Names* names, Statement* out)
      : op_(op), names_(names), out_(out) {}

  bool Fill(Role role, bool required);

 private:
  bool FillPlace(Role role);
  bool FillName(Role role);
  bool FillNumber(Role role, bool required);
  bool FillScan(Role role);

  const Operation& op_;
  Names* names_;
  Statement* out_;
};

bool RoleFiller::FillPlace(Role role) {
  if (role == Role::kRegion) {
    Quantity* offset = op_.code == OpCode::k_map ? &out_->at : &out_->offset;
    SetPlace(op_.start, names_, &out_->region, offset);
    return true;
  }
  if (role == Role::kOffset) {
    if (IsFileOperation(op_.code)) out_->offset = names_->Pages(op_.start);
    return true;
  }
  if (role == Role::kAt) return out_->at != Quantity{};
  if (role == Role::kFileOffset) {
    out_->file_offset = names_->Pages(op_.start2);
    return op_.start2 != 0;
  }
  if (role == Role::kSource && !op_.copy_from_memory) return false;
  if (role == Role::kRegion2 && (op_.flags & kOpInPlace) != 0) {
    out_->region2 = "-";
    return true;
  }
  if (role != Role::kOffset2) SetPlace(op_.start2, names_, &out_->region2, &out_->offset2);
  return true;
}

bool RoleFiller::FillName(Role role) {
  if (role == Role::kUffd) {
    out_->uffd = names_->ContextName(op_.ctx);
    return true;
  }
  if (role == Role::kFile) {
    if (op_.file == FileId{}) return false;
    out_->file = absl::StrCat("M", op_.file.value);
    return true;
  }
  const std::size_t space = op_.text.find(' ');
  if (role == Role::kPath) {
    out_->path = op_.text.substr(0, space);
  } else if (op_.code == OpCode::k_sysfs) {
    out_->text = space == std::string::npos ? "" : op_.text.substr(space + 1);
  } else {
    out_->text = op_.text;
  }
  return role != Role::kRegions;
}

bool RoleFiller::FillNumber(Role role, bool required) {
  switch (role) {
    case Role::kLength:
      out_->length = names_->Pages(op_.length);
      return required || out_->length != Quantity{1, 0};
    case Role::kLength2: out_->length2 = names_->Pages(op_.length2); return true;
    case Role::kByte:
    case Role::kNumber:
    case Role::kNodeOrQuery: out_->number = op_.value; return true;
    case Role::kOrdinal: out_->number = op_.value; return op_.value != 1;
    case Role::kNumber2: out_->number2 = op_.start2; return true;
    case Role::kNumber3:
    case Role::kModes: out_->mode = op_.mode; return true;
    case Role::kModeWord:
      if ((op_.flags & kOpRawMode) == 0) return false;
      out_->mode = op_.mode;
      return true;
    case Role::kApi: out_->api = op_.api; return op_.api != 0xAA;
    case Role::kFeatures: out_->features = op_.features; return op_.features != 0;
    case Role::kDisable: out_->disable = op_.disable; return op_.disable != 0;
    case Role::kPin: out_->pin = op_.pin; return true;
    case Role::kTarget:
      out_->target = op_.target.value;
      return required || op_.target != op_.process;
    default: return false;
  }
}

bool RoleFiller::FillScan(Role role) {
  const Statement plain = [] {
    Statement s;
    s.scan.return_mask = 0x3ff;
    s.scan.vec_len = 64;
    return s;
  }();
  const ScanArgs& scan = op_.scan;
  out_->scan = scan;
  if (role == Role::kCategory) return scan.category_mask != 0;
  if (role == Role::kInverted) return scan.category_inverted != 0;
  if (role == Role::kAnyof) return scan.category_anyof_mask != 0;
  if (role == Role::kReturn) return scan.return_mask != plain.scan.return_mask;
  if (role == Role::kScanFlags) return scan.flags != 0;
  if (role == Role::kVec) return scan.vec_len != plain.scan.vec_len;
  if (role == Role::kMax) return scan.max_pages != 0;
  return scan.size != plain.scan.size;
}

bool RoleFiller::Fill(Role role, bool required) {
  switch (role) {
    case Role::kRegion:
    case Role::kOffset:
    case Role::kRegion2:
    case Role::kOffset2:
    case Role::kAt:
    case Role::kFileOffset:
    case Role::kSource: return FillPlace(role);
    case Role::kUffd:
    case Role::kFile:
    case Role::kPath:
    case Role::kText:
    case Role::kPoint:
    case Role::kRegions: return FillName(role);
    case Role::kMapKind: out_->map_kind = op_.map_kind; return true;
    case Role::kProt:
      out_->prot = op_.prot;
      return required || op_.prot != (kProtRead | kProtWrite);
    case Role::kAdvice: out_->advice = op_.advice; return true;
    case Role::kOnOff: return op_.code == OpCode::k_auto_resolve || (op_.flags & kOpRawMode) == 0;
    case Role::kPunchAlloc: return true;  // in `flags`
    case Role::kCategory:
    case Role::kInverted:
    case Role::kAnyof:
    case Role::kReturn:
    case Role::kScanFlags:
    case Role::kVec:
    case Role::kMax:
    case Role::kSize: return FillScan(role);
    case Role::kObservedProcess:
    case Role::kThread:  // whoever lets threads step writes statements
    case Role::kSteps:
    case Role::kUntil:
    case Role::kFlag: return false;
    default: return FillNumber(role, required);
  }
}

}  // namespace

Operation ToOperation(const Statement& s, Names* names) {
  Operation op;
  op.code = s.code;
  op.process = names->Process(s.process).value_or(MmId{});
  op.start = FirstPlace(s, names);
  op.length = s.Has(Role::kLength) || s.Has(Role::kOffset) ? names->Bytes(s.length) : 0;
  op.start2 = SecondPlace(s, names);
  op.length2 = names->Bytes(s.length2);
  op.value = s.number;
  op.mode = s.mode;
  op.features = s.features;
  op.disable = s.disable;
  op.api = s.api;
  op.flags = FlagsOf(s);
  op.prot = s.prot;
  op.map_kind = s.map_kind;
  op.advice = s.advice;
  if (s.Has(Role::kFile)) op.file = names->File(s.file);
  if (s.Has(Role::kUffd)) op.ctx = names->Context(s.uffd);
  op.target = TargetOf(s, op.process, *names);
  op.pin = s.pin;
  op.copy_from_memory = s.Has(Role::kSource);
  op.scan = s.scan;
  op.text = s.Has(Role::kPath) ? absl::StrCat(s.path, " ", s.text) : s.text;
  return op;
}

Statement ToStatement(const Operation& op, Names* names) {
  Statement s;
  s.code = op.code;
  s.process = op.process.value;
  s.flags = op.flags & ~static_cast<std::uint32_t>(kOpInPlace | kOpRawMode);
  s.length = {1, 0};
  if (op.code == OpCode::k_scan) s.scan = op.scan;
  RoleFiller filler(op, names, &s);
  for (const SyntaxParameter& parameter : SyntaxOf(op.code).parameters) {
    const bool required = parameter.form == SyntaxParameter::Form::kRequired ||
                          parameter.form == SyntaxParameter::Form::kRestOfLine;
    if (filler.Fill(parameter.role, required)) s.Give(parameter.role);
  }
  return s;
}

Scenario ToScenario(std::span<const Operation> operations, std::uint64_t page_size) {
  Names names(page_size);
  Scenario scenario;
  for (const Operation& op : operations) {
    Line line;
    line.number = static_cast<int>(scenario.lines.size()) + 1;
    line.kind = Line::Kind::kOperation;
    line.statement = ToStatement(op, &names);
    scenario.lines.push_back(std::move(line));
  }
  return scenario;
}

}  // namespace uffdsim

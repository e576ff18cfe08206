// BTF: the kernel's own description of its structures.
#include <linux/btf.h>

#include <cstring>

#include "sim/conform/kernel/files.h"
#include "sim/conform/kernel/kernel_memory.h"

namespace uffdsim {
namespace {

constexpr int kDeepest = 8;  // nested anonymous members

template <class T>
T Get(const std::string& data, std::uint64_t offset) {
  T value{};
  if (offset + sizeof(T) <= data.size()) std::memcpy(&value, data.data() + offset, sizeof(T));
  return value;
}

// What follows a type's header, by its kind.
std::uint64_t ExtraBytes(const btf_type& type) {
  const std::uint64_t count = BTF_INFO_VLEN(type.info);
  switch (BTF_INFO_KIND(type.info)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return sizeof(std::uint32_t);
    case BTF_KIND_ARRAY: return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return count * sizeof(btf_member);
    case BTF_KIND_ENUM: return count * sizeof(btf_enum);
    case BTF_KIND_FUNC_PROTO: return count * sizeof(btf_param);
    case BTF_KIND_DATASEC: return count * sizeof(btf_var_secinfo);
    case BTF_KIND_ENUM64: return count * sizeof(btf_enum64);
    default: return 0;
  }
}

bool HasMembers(const btf_type& type) {
  const auto kind = BTF_INFO_KIND(type.info);
  return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION;
}

}  // namespace

bool KernelTypes::Load(std::string* why) {
  if (!types_.empty()) return true;
  data_ = ReadWhole("/sys/kernel/btf/vmlinux");
  const auto header = Get<btf_header>(data_, 0);
  if (data_.size() < sizeof(header) || header.magic != BTF_MAGIC) {
    *why = "/sys/kernel/btf/vmlinux cannot be read";
    return false;
  }
  strings_ = header.hdr_len + header.str_off;
  const std::uint64_t begin = header.hdr_len + header.type_off;
  for (std::uint64_t at = begin; at < begin + header.type_len;) {
    types_.push_back(at);
    at += sizeof(btf_type) + ExtraBytes(Get<btf_type>(data_, at));
  }
  return true;
}

std::string_view KernelTypes::Name(std::uint32_t offset) const {
  return strings_ + offset < data_.size() ? data_.c_str() + strings_ + offset : "";
}

std::int64_t KernelTypes::Offset(std::string_view structure, std::string_view member) const {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const auto type = Get<btf_type>(data_, types_[i]);
    if (BTF_INFO_KIND(type.info) != BTF_KIND_STRUCT || Name(type.name_off) != structure) continue;
    const std::int64_t offset = OffsetIn(static_cast<std::uint32_t>(i + 1), member, 0);
    if (offset >= 0) return offset;
  }
  return -1;
}

std::int64_t KernelTypes::OffsetIn(std::uint32_t id, std::string_view member, int depth) const {
  if (id == 0 || id > types_.size() || depth > kDeepest) return -1;
  const std::uint64_t at = types_[id - 1];
  const auto type = Get<btf_type>(data_, at);
  if (!HasMembers(type)) return -1;
  for (std::uint32_t i = 0; i < BTF_INFO_VLEN(type.info); ++i) {
    const auto row = Get<btf_member>(data_, at + sizeof(btf_type) + i * sizeof(btf_member));
    const std::uint32_t bits =
        BTF_INFO_KFLAG(type.info) ? BTF_MEMBER_BIT_OFFSET(row.offset) : row.offset;
    const std::string_view name = Name(row.name_off);
    if (name == member) return bits / 8;
    if (!name.empty()) continue;
    const std::int64_t inside = OffsetIn(row.type, member, depth + 1);
    if (inside >= 0) return bits / 8 + inside;
  }
  return -1;
}

}  // namespace uffdsim

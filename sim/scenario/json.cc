#include "sim/scenario/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace uffdsim {
namespace {

void AppendQuoted(std::string* out, std::string_view text) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      *out += c;
    }
  }
  *out += '"';
}

}  // namespace

void JsonWriter::Separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

void JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
}

void JsonWriter::Close(char bracket) { text_ += bracket; }

void JsonWriter::Key(std::string_view key) {
  Separate();
  AppendQuoted(&text_, key);
  text_ += ':';
}

void JsonWriter::Value(std::string_view text) {
  Separate();
  AppendQuoted(&text_, text);
}

void JsonWriter::Value(std::int64_t number) {
  Separate();
  absl::StrAppend(&text_, number);
}

void JsonWriter::Null() {
  Separate();
  text_ += "null";
}

}  // namespace uffdsim

#include "sim/text/json_text.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"

namespace uffdsim {
namespace {

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

Place PlaceAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  Place place;
  place.line += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_begin = before.rfind('\n');
  place.column +=
      line_begin == std::string_view::npos ? before.size() : before.size() - line_begin - 1;
  return place;
}

std::string At(std::string_view text, std::string_view file, std::size_t offset) {
  const Place place = PlaceAt(text, offset);
  return absl::StrCat(std::string(file), ":", place.line, ":", place.column, ": ");
}

// Walks over a well-formed document and notes where one value begins and the first repeated key.
class Walk {
 public:
  Walk(std::string_view text, std::string_view wanted) : text_(text), wanted_(wanted) { Value(""); }

  std::size_t found() const { return found_; }
  const std::optional<std::size_t>& repeated() const { return repeated_; }
  const std::string& repeated_key() const { return repeated_key_; }

 private:
  void Space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  std::string_view String() {
    const std::size_t begin = at_++;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    return text_.substr(begin, at_ - begin);
  }

  void Value(const std::string& pointer) {
    Space();
    if (pointer == wanted_) found_ = at_;
    switch (text_[at_]) {
      case '{': Object(pointer); break;
      case '[': Array(pointer); break;
      case '"': String(); break;
      default: at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
    Space();
  }

  void Object(const std::string& pointer) {
    std::set<std::string> keys;
    ++at_;
    Space();
    while (text_[at_] != '}') {
      const std::size_t begin = at_;
      const std::string key = nlohmann::json::parse(String()).get<std::string>();
      if (!keys.insert(key).second && !repeated_) {
        repeated_ = begin;
        repeated_key_ = key;
      }
      Space();
      ++at_;  // the colon
      Value(absl::StrCat(pointer, "/", PointerPart(key)));
      if (text_[at_] == ',') ++at_;
      Space();
    }
    ++at_;
  }

  void Array(const std::string& pointer) {
    ++at_;
    Space();
    for (std::size_t i = 0; text_[at_] != ']'; ++i) {
      Value(absl::StrCat(pointer, "/", i));
      if (text_[at_] == ',') ++at_;
      Space();
    }
    ++at_;
  }

  std::string_view text_;
  std::string_view wanted_;
  std::size_t at_ = 0;
  std::size_t found_ = 0;
  std::optional<std::size_t> repeated_;
  std::string repeated_key_;
};

}  // namespace

absl::StatusOr<nlohmann::ordered_json> ParseJsonText(std::string_view text, std::string_view file) {
  nlohmann::ordered_json document;
  try {
    document = nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    // The byte counts from 1 and is the last one read.
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    const bool at_end = offset >= text.size();
    return absl::InvalidArgumentError(
        absl::StrCat(At(text, file, offset), "expected a JSON document, found ",
                     at_end ? "its end" : absl::StrCat("'", std::string(1, text[offset]), "'")));
  }
  const Walk walk(text, "");
  if (walk.repeated()) {
    return absl::InvalidArgumentError(absl::StrCat(At(text, file, *walk.repeated()), "key \"",
                                                   walk.repeated_key(),
                                                   "\" occurs twice: expected it once"));
  }
  return document;
}

absl::Status JsonError(std::string_view text, std::string_view file, std::string_view pointer,
                       std::string_view message) {
  const std::string where(pointer);
  return absl::InvalidArgumentError(absl::StrCat(At(text, file, Walk(text, pointer).found()), where,
                                                 where.empty() ? "" : ": ", std::string(message)));
}

std::string PointerPart(std::string_view key) {
  std::string part;
  for (const char c : key) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return part;
}

}  // namespace uffdsim

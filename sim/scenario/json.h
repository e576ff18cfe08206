// A small JSON writer that keeps the order of fields: records are compared and read by people.
//
// Usage: `JsonWriter j; j.Object([&] { j.Field("i", 3); j.Array("values", [&] { .. }); });`
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace uffdsim {

class JsonWriter {
 public:
  template <class Body>
  void Object(Body body) {
    Open('{');
    body();
    Close('}');
  }
  template <class Body>
  void Array(Body body) {
    Open('[');
    body();
    Close(']');
  }
  template <class Body>
  void Object(std::string_view key, Body body) {
    Key(key);
    Object(body);
  }
  template <class Body>
  void Array(std::string_view key, Body body) {
    Key(key);
    Array(body);
  }

  void Field(std::string_view key, std::string_view text) {
    Key(key);
    Value(text);
  }
  void Field(std::string_view key, std::int64_t number) {
    Key(key);
    Value(number);
  }
  void Null(std::string_view key) {
    Key(key);
    Null();
  }

  void Value(std::string_view text);
  void Value(std::int64_t number);
  void Null();

  const std::string& text() const { return text_; }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Key(std::string_view key);
  void Separate();  // a comma, unless nothing stands before

  std::string text_;
};

}  // namespace uffdsim

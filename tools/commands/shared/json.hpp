// Results as JSON text. Keys are relied on by programs: add some, never rename one.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tools/measure/elbo.hpp"

namespace picovae::tools {

// A value of JSON; objects keep the order of their members. Numbers are finite; others fail. A name
// of a file need not be UTF-8: U+FFFD stands for what is none.
class Json {
 public:
  using Member = std::pair<std::string_view, Json>;

  Json(std::nullptr_t) : text_("null") {}
  Json(bool value) : text_(value ? "true" : "false") {}
  Json(std::integral auto value) : text_(std::to_string(value)) {}
  Json(double value);
  Json(std::string_view value);
  Json(const char* value) : Json(std::string_view(value)) {}
  Json(const std::string& value) : Json(std::string_view(value)) {}
  Json(std::initializer_list<Member> members);  // an object

  template <typename Values>
  static Json list(const Values& values) {
    Json list("[", "]");
    for (const auto& value : values) list.append(value);
    return list;
  }

  // Of an object, and of a list.
  void add(std::string_view key, const Json& value);
  void append(const Json& value);

  // Two spaces a level, a line each value.
  std::string text() const;

 private:
  Json(const char* open, const char* close) : text_(open), close_(close) {}
  void add_line(const std::string& line);

  std::string text_;   // of an object or a list, without its end
  std::string close_;  // that end
};

Json to_json(const Elbo& elbo);

}  // namespace picovae::tools

#include "tools/commands/shared/json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/base/error.hpp"

namespace picovae::tools {

Json::Json(double value) : text_(nlohmann::json(value).dump()) {
  if (!std::isfinite(value)) fail("a figure of the result is {}; JSON has finite numbers", value);
}

Json::Json(std::string_view value)
    : text_(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {}

Json::Json(std::initializer_list<Member> members) : Json("{", "}") {
  for (const auto& [key, value] : members) add(key, value);
}

void Json::add(std::string_view key, const Json& value) {
  add_line(Json(key).text() + ": " + value.text());
}

void Json::append(const Json& value) { add_line(value.text()); }

void Json::add_line(const std::string& line) {
  text_ += text_.size() == 1 ? "\n  " : ",\n  ";
  for (const char c : line) {
    text_ += c;
    if (c == '\n') text_ += "  ";
  }
}

std::string Json::text() const {
  return close_.empty() ? text_ : text_ + (text_.size() == 1 ? "" : "\n") + close_;
}

Json to_json(const Elbo& elbo) {
  return {{"neg_elbo", elbo.neg_elbo}, {"reconstruction", elbo.reconstruction}, {"kl", elbo.kl}};
}

}  // namespace picovae::tools

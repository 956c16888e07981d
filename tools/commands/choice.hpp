// A value of the command line that has a name.
#pragma once

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <type_traits>

namespace picovae::tools {

// For Option::transform, of an enumeration or a bool: a name of `table`, whose elements are a name
// and a value each, and nothing else. The names are for the option's type_name() to show. CLI11's
// own transformer would take the values' numbers as well, and show all that in --help.
template <typename Table>
CLI::Validator choice(const Table& table) {
  std::map<std::string, int> values;
  for (const auto& [name, value] : table) {
    static_assert(std::is_enum_v<std::remove_cvref_t<decltype(value)>> ||
                  std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>);
    values.emplace(name, static_cast<int>(value));
  }
  return {[values](std::string& text) -> std::string {
            const auto found = values.find(text);
            if (found != values.end()) {
              text = std::to_string(found->second);
              return {};
            }
            std::string names;
            for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
            return fmt::format("{} is none of {}", text, names);
          },
          ""};
}

}  // namespace picovae::tools

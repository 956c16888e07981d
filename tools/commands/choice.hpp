// A value of the command line that has a name.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <type_traits>

namespace picovae::tools {

// For Option::transform, of an enumeration or a bool: one of these names, and nothing else. The
// names are for the option's type_name() to show. CLI11's own transformer would take the values'
// numbers as well, and show all that in --help.
template <typename T>
CLI::Validator choice(const std::map<std::string, T>& values) {
  static_assert(std::is_enum_v<T> || std::is_same_v<T, bool>);
  return {[values](std::string& text) -> std::string {
            const auto found = values.find(text);
            if (found != values.end()) {
              text = std::to_string(static_cast<int>(found->second));
              return {};
            }
            std::string names;
            for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
            return fmt::format("{} is none of {}", text, names);
          },
          ""};
}

}  // namespace picovae::tools

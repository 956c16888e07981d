#include "tools/commands/numbers.hpp"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string>
#include <system_error>

namespace picovae::tools {
namespace {

constexpr double kMost = std::numeric_limits<float>::max();

template <typename Number>
std::optional<Number> parse(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// nan fails both comparisons of a range that infinity cannot be in.
std::optional<double> parse_real(const std::string& text, double lowest, double highest) {
  const auto value = parse<double>(text);
  return value && *value >= lowest && *value <= highest ? value : std::nullopt;
}

std::string real_error(const std::string& text, double lowest, double highest) {
  const std::string from = lowest > -kMost ? fmt::format(" from {}", lowest) : "";
  const std::string to = highest < kMost ? fmt::format(" to {}", highest) : "";
  return fmt::format("{} is no number{}{}", text, from, to);
}

}  // namespace

CLI::Validator whole_number(std::uint64_t lowest, std::uint64_t highest) {
  return {[=](std::string& text) -> std::string {
            const auto value = parse<std::uint64_t>(text);
            if (!value || *value < lowest || *value > highest) {
              return fmt::format("{} is no whole number from {} to {}", text, lowest, highest);
            }
            text = std::to_string(*value);  // CLI11 would read leading zeros as octal
            return {};
          },
          ""};
}

CLI::Validator real_number(double lowest, double highest) {
  return {[=](std::string& text) -> std::string {
            return parse_real(text, lowest, highest) ? "" : real_error(text, lowest, highest);
          },
          ""};
}

CLI::Validator positive_number() {
  return {[](std::string& text) -> std::string {
            const auto value = parse_real(text, 0, kMost);
            return value && *value > 0 ? "" : fmt::format("{} is no number above 0", text);
          },
          ""};
}

}  // namespace picovae::tools

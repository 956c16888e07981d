#include "tools/commands/command.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>
#include <system_error>

namespace picovae::tools {
namespace {

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

}  // namespace

void misuse(const std::string& message) {
  throw CLI::ValidationError(message, CLI::ExitCodes::ValidationError);
}

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::type_name(const char* name) const {
  option_->type_name(name);
  return *this;
}

const Option& Option::shows_default() const {
  option_->default_str(value_);
  return *this;
}

const Option& Option::excludes(const char* other) const {
  option_->excludes(other);
  return *this;
}

bool Option::is_given() const { return option_->count() > 0; }

Command::Command(CLI::App& app, const char* name, const char* description)
    : command_(app.add_subcommand(name, description)) {}

Option Command::add(const char* name, std::string value, const char* help,
                    const std::function<std::string(const std::string& text)>& take) const {
  const auto take_first = [name, take](const CLI::results_t& results) {
    const std::string wrong = take(results.empty() ? "" : results.front());
    if (!wrong.empty()) throw CLI::ValidationError(name, wrong);
    return true;
  };
  return {command_->add_option(name, take_first, help), std::move(value)};
}

Option Command::flag(const char* name, bool& value, const char* help) const {
  return {command_->add_flag(name, value, help), ""};
}

Option Command::path(const char* name, std::filesystem::path& value, const char* help) const {
  return add(name, value.string(), help, [&value](const std::string& text) {
    value = text;
    return "";
  });
}

Option Command::text(const char* name, std::string& value, const char* help,
                     const std::function<std::string(const std::string& text)>& check) const {
  return add(name, value, help, [&value, check](const std::string& text) {
    value = text;
    return check(text);
  });
}

Option Command::add_whole(const char* name, std::uint64_t value,
                          const std::function<void(std::uint64_t)>& set, const char* help,
                          std::uint64_t lowest, std::uint64_t highest) const {
  return add(name, std::to_string(value), help, [=](const std::string& text) -> std::string {
    const auto given = parse<std::uint64_t>(text);
    if (!given || *given < lowest || *given > highest) {
      return fmt::format("{} is no whole number from {} to {}", text, lowest, highest);
    }
    set(*given);
    return {};
  });
}

Option Command::add_real(const char* name, double value, const std::function<void(double)>& set,
                         const char* help, double lowest, double highest) const {
  return add(name, fmt::format("{:g}", value), help, [=](const std::string& text) -> std::string {
    const auto given = parse_real(text, lowest, highest);
    if (!given) {
      const std::string from = lowest > -kMost ? fmt::format(" from {}", lowest) : "";
      const std::string to = highest < kMost ? fmt::format(" to {}", highest) : "";
      return fmt::format("{} is no number{}{}", text, from, to);
    }
    set(*given);
    return {};
  });
}

Option Command::positive(const char* name, double& value, const char* help) const {
  return add(name, fmt::format("{:g}", value), help,
             [&value](const std::string& text) -> std::string {
               const auto given = parse_real(text, 0, kMost);
               if (!given || *given == 0) return fmt::format("{} is no number above 0", text);
               value = *given;
               return {};
             });
}

Option Command::add_choice(const char* name, int value, const std::function<void(int)>& set,
                           const char* help, const std::map<std::string, int>& values) const {
  std::string names, shown;
  for (const auto& [known, its_value] : values) {
    names += (names.empty() ? "" : ", ") + known;
    if (its_value == value) shown = known;
  }
  return add(name, shown, help, [=](const std::string& text) -> std::string {
    const auto given = values.find(text);
    if (given == values.end()) return fmt::format("{} is none of {}", text, names);
    set(given->second);
    return {};
  });
}

void Command::footer(const char* text) const { command_->footer(text); }

void Command::run(const std::function<void()>& work) const { command_->callback(work); }

bool Command::is_given(const char* option) const {
  return command_->get_option(option)->count() > 0;
}

}  // namespace picovae::tools

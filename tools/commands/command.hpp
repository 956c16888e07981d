// A command of picovae and its options. CLI11 takes longer to compile than all commands together:
// only command.cpp, main.cpp and the fuzzer of the command line include it.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace picovae::tools {

// Ends the command with exit status 2: options contradict each other, or one is missing.
[[noreturn]] void misuse(const std::string& message);

// An option of a command. Copies are the same option.
class Option {
 public:
  Option(CLI::Option* option, std::string value) : option_(option), value_(std::move(value)) {}

  const Option& required() const;
  const Option& type_name(const char* name) const;  // of its value, in --help
  const Option& shows_default() const;  // in --help; what the variable had when it was added
  const Option& excludes(const char* other) const;  // an option that was added before
  bool is_given() const;                            // after the command line was read

 private:
  CLI::Option* option_;
  std::string value_;
};

class Command {
 public:
  Command(CLI::App& app, const char* name, const char* description);

  // Each adds an option that sets `value`, which must outlive the command line.
  Option flag(const char* name, bool& value, const char* help) const;
  Option path(const char* name, std::filesystem::path& value, const char* help) const;

  // `check` returns what is wrong with a text, or "".
  Option text(const char* name, std::string& value, const char* help,
              const std::function<std::string(const std::string& text)>& check) const;

  // A whole number, digits alone. (CLI11 itself takes 010 for 8 and -1 for 2^64 - 1.)
  template <std::integral T>
  Option whole(const char* name, T& value, const char* help, std::uint64_t lowest = 0,
               std::uint64_t highest = std::numeric_limits<T>::max()) const {
    return add_whole(
        name, static_cast<std::uint64_t>(value),
        [&value](std::uint64_t given) { value = static_cast<T>(given); }, help, lowest, highest);
  }

  // A number such as 0.5, -3 or 1e-3; neither infinity nor nan.
  template <std::floating_point T>
  Option real(const char* name, T& value, const char* help, double lowest = -kMost,
              double highest = kMost) const {
    return add_real(
        name, value, [&value](double given) { value = static_cast<T>(given); }, help, lowest,
        highest);
  }

  // The same, above 0.
  Option positive(const char* name, double& value, const char* help) const;

  // One of the names of `table`, whose elements are a name and a value each: an enumeration or a
  // bool.
  template <typename T, typename Table>
  Option choice(const char* name, T& value, const Table& table, const char* help) const {
    static_assert(std::is_enum_v<T> || std::is_same_v<T, bool>);
    std::map<std::string, int> values;
    for (const auto& [known, its_value] : table) {
      values.emplace(known, static_cast<int>(its_value));
    }
    return add_choice(
        name, static_cast<int>(value), [&value](int given) { value = static_cast<T>(given); }, help,
        values);
  }

  void footer(const char* text) const;
  void run(const std::function<void()>& work) const;  // if the command is given

  bool is_given(const char* option) const;

 private:
  static constexpr double kMost = std::numeric_limits<float>::max();

  Option add(const char* name, std::string value, const char* help,
             const std::function<std::string(const std::string& text)>& take) const;
  Option add_whole(const char* name, std::uint64_t value,
                   const std::function<void(std::uint64_t)>& set, const char* help,
                   std::uint64_t lowest, std::uint64_t highest) const;
  Option add_real(const char* name, double value, const std::function<void(double)>& set,
                  const char* help, double lowest, double highest) const;
  Option add_choice(const char* name, int value, const std::function<void(int)>& set,
                    const char* help, const std::map<std::string, int>& values) const;

  CLI::App* command_;
};

}  // namespace picovae::tools

// The command line: commands, and options bound to variables. CLI11 is behind it, and is included
// by command_line.cpp alone, as it takes seconds to compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/commands/shared/file_roles.hpp"
#include "tools/data/pixels.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace picovae::tools {

// An option that was added, for what few options have.
class Option {
 public:
  explicit Option(CLI::Option& option, FileRole* role = nullptr) : option_(&option), role_(role) {}

  const Option& required() const;
  const Option& optional() const;  // of an argument
  const Option& excludes(const char* other) const;
  const Option& hide_default() const;  // in --help

  // Of a path: the files that it stands for, if they are not that path alone. Asked for before the
  // command runs, when all options are set.
  const Option& stands_for(std::function<std::vector<std::filesystem::path>()> files) const;

  // Of a path: it may name the same file as that option.
  const Option& may_be(const char* other) const;

 private:
  CLI::Option* option_;
  FileRole* role_;
};

struct WholeRange {
  std::uint64_t lowest = 0;
  std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
};

struct RealRange {  // as far as an f32 goes
  double lowest = std::numeric_limits<float>::lowest();
  double highest = std::numeric_limits<float>::max();
};

// A command. Its options set variables, which hold the defaults and outlive the command line, in
// the order in which the options were added.
//   name   "--out"; an argument, such as "MODEL", is required
//   shown  stands for the value in --help, such as "FILE"
class Command {
 public:
  // A file that the command reads or writes. Before the command runs, each file that it writes is
  // held against all of its others: if two are one file, by whatever names, that is a Misuse.
  Option path(const char* name, std::filesystem::path& value, Access access, const char* shown,
              const char* help);
  Option flag(const char* name, bool& value, const char* help);

  // A text that `complaint` returns an empty string for.
  Option text(const char* name, std::string& value, std::string (*complaint)(const std::string&),
              const char* shown, const char* help);

  // A whole number: digits alone.
  template <typename T>
  Option whole(const char* name, T& value, WholeRange range, const char* shown, const char* help) {
    return add_whole(name, static_cast<std::uint64_t>(value), range, shown, help,
                     [&value](std::uint64_t number) { value = static_cast<T>(number); });
  }

  // A finite number such as 0.5, -3 or 1e-3.
  template <typename T>
  Option real(const char* name, T& value, RealRange range, const char* shown, const char* help) {
    return add_real(name, static_cast<double>(value), range, shown, help,
                    [&value](double number) { value = static_cast<T>(number); });
  }
  Option positive(const char* name, double& value, const char* shown, const char* help);

  // One of the names of a table of Named<T> (names.hpp).
  template <typename T, typename Table>
  Option choice(const char* name, T& value, const Table& table, const char* help) {
    std::vector<std::string_view> names;
    std::vector<T> values;
    std::size_t chosen = 0;
    for (const auto& known : table) {
      if (known.value == value) chosen = names.size();
      names.push_back(known.name);
      values.push_back(known.value);
    }
    return add_choice(name, names, chosen, help,
                      [&value, values](std::size_t index) { value = values[index]; });
  }
  Option on_or_off(const char* name, bool& value, const char* help);

  // Options that several commands have.
  Option model(std::filesystem::path& path, const char* help = "A .safetensors or .pvae model");
  Option out(std::filesystem::path& path, const char* shown, const char* help);  // required
  Option data(std::filesystem::path& folder);           // default: a folder of the user's cache
  Option data_argument(std::filesystem::path& folder);  // DIR, required
  Option seed(std::uint64_t& seed, const char* help);
  Option threads(unsigned& threads);  // default: one a core
  Option pixels(PixelMode& mode);
  Option validation(std::size_t& images);
  Option json(bool& json);

  // What the command does, once its options are set. May throw Misuse.
  void run(std::function<void()> work);

  // After parsing: whether the user gave an option, and its text or default.
  bool given(const char* name) const;
  std::string text_of(const char* name) const;

 private:
  friend class CommandLine;
  Command(CLI::App& app, std::function<void()>& chosen, std::deque<FileRole>& roles)
      : app_(&app), chosen_(&chosen), roles_(&roles) {}

  Option add_whole(const char* name, std::uint64_t value, WholeRange range, const char* shown,
                   const char* help, std::function<void(std::uint64_t)> set);
  Option add_real(const char* name, double value, RealRange range, const char* shown,
                  const char* help, std::function<void(double)> set);
  Option add_choice(const char* name, const std::vector<std::string_view>& names,
                    std::size_t chosen, const char* help, std::function<void(std::size_t)> set);

  CLI::App* app_;
  std::function<void()>* chosen_;
  std::deque<FileRole>* roles_;  // a deque: Option has pointers into it
};

class CommandLine {
 public:
  //   about, example  first and last part of --help
  //   version         returns the text of --version
  CommandLine(const char* about, const char* example, std::function<std::string()> version);
  ~CommandLine();

  Command add(const char* name, const char* about, const char* example);

  // Returns the work of the command that is asked for; null after --help and --version, which are
  // printed here. Throws Misuse, as the work may.
  std::function<void()> parse(int argc, const char* const* argv);

 private:
  std::vector<std::string> arguments_of(int argc, const char* const* argv) const;
  std::string complaint_about_extras() const;

  std::unique_ptr<CLI::App> app_;
  std::deque<std::deque<FileRole>> roles_;  // of each command
  std::function<void()> chosen_;
};

}  // namespace picovae::tools

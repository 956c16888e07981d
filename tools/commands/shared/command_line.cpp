#include "tools/commands/shared/command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>

#include "tools/base/names.hpp"
#include "tools/base/text.hpp"
#include "tools/data/dataset.hpp"

namespace picovae::tools {
namespace {

// What a command reads as a data set.
constexpr const char* kDataForms =
    "Data set: a folder of IDX files as MNIST's, plain or .gz (DIR/PREFIX if their names have a "
    "prefix); of PNG pictures, a sub-folder for each label, in train/ and test/ or not; of "
    "x_train.npy, y_train.npy and so on; or FILE.npz, FILE.npy; picovae convert --help says more";

constexpr double kMost = std::numeric_limits<float>::max();

// Old names of options, which work as the new ones do and which --help does not show.
struct Renamed {
  std::string_view old_name, name;
};
constexpr std::array<Renamed, 1> kRenamed{{{"--centred", "--centered"}}};

std::string with_new_name(std::string_view argument) {
  for (const auto& [old_name, name] : kRenamed) {
    if (argument == old_name || argument.starts_with(std::string(old_name) + "=")) {
      return std::string(name).append(argument.substr(old_name.size()));
    }
  }
  return std::string(argument);
}

// CLI11's own conversions let nan pass every range, take 010 for 8 and -1 for 2^64 - 1.
std::optional<std::uint64_t> parse_whole(const std::string& text, WholeRange range) {
  const auto value = parse_number<std::uint64_t>(text);
  return value && *value >= range.lowest && *value <= range.highest ? value : std::nullopt;
}

// nan fails both comparisons.
std::optional<double> parse_real(const std::string& text, RealRange range) {
  const auto value = parse_number<double>(text);
  return value && *value >= range.lowest && *value <= range.highest ? value : std::nullopt;
}

// Adds an option of one text: `set` gets what `complaint` returns an empty string for.
CLI::Option& add_text(CLI::App& app, const char* name, const char* help, std::string shown,
                      std::string default_text,
                      std::function<std::string(const std::string&)> complaint,
                      const std::function<void(const std::string&)>& set) {
  CLI::Option* option = app.add_option_function<std::string>(name, set, help);
  option->type_name(std::move(shown));
  option->default_str(std::move(default_text));
  if (complaint) option->check(std::move(complaint));
  if (*name != '-') option->required();
  return *option;
}

// That of tools/fetch_mnist.sh. --help says it without the machine's folders.
std::filesystem::path default_data_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path{value == nullptr ? "" : value};
  };
  const auto cache = variable("XDG_CACHE_HOME");
  return (cache.empty() ? variable("HOME") / ".cache" : cache) / "picovae" / "mnist";
}

// How many characters are to be added, left out, replaced, or swapped with the next.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// "; did you mean eval?" of the name that is nearest to a mistyped one; nothing if none is near.
std::string guess(std::string_view typed, const std::vector<std::string>& names) {
  constexpr std::size_t kMostEdits = 2;
  std::string_view nearest;
  std::size_t fewest = std::min(kMostEdits + 1, typed.size());  // not all of a short word
  for (const std::string& name : names) {
    const std::size_t edits = edits_between(typed, name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

}  // namespace

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::optional() const {
  option_->required(false);
  return *this;
}

const Option& Option::excludes(const char* other) const {
  option_->excludes(other);
  return *this;
}

const Option& Option::hide_default() const {
  option_->default_str("");
  return *this;
}

const Option& Option::stands_for(std::function<std::vector<std::filesystem::path>()> files) const {
  role_->files = std::move(files);
  return *this;
}

const Option& Option::may_be(const char* other) const {
  role_->may_be.emplace_back(other);
  return *this;
}

Option Command::path(const char* name, std::filesystem::path& value, Access access,
                     const char* shown, const char* help) {
  CLI::Option& option = add_text(*app_, name, help, shown, value.string(), {},
                                 [&value](const std::string& text) { value = text; });
  const auto file = [&value] { return std::vector{value}; };
  const auto given = [&option] { return option.count() > 0; };
  roles_->push_back({name, access, file, given, {}});
  return Option(option, &roles_->back());
}

Option Command::flag(const char* name, bool& value, const char* help) {
  return Option(*app_->add_flag(name, value, help));
}

Option Command::text(const char* name, std::string& value,
                     std::string (*complaint)(const std::string&), const char* shown,
                     const char* help) {
  return Option(add_text(*app_, name, help, shown, value, complaint,
                         [&value](const std::string& text) { value = text; }));
}

Option Command::add_whole(const char* name, std::uint64_t value, WholeRange range,
                          const char* shown, const char* help,
                          std::function<void(std::uint64_t)> set) {
  const auto complaint = [range](const std::string& text) {
    return parse_whole(text, range) ? ""
                                    : fmt::format("{} is not a whole number from {} to {}", text,
                                                  range.lowest, range.highest);
  };
  return Option(add_text(*app_, name, help, shown, fmt::format("{}", value), complaint,
                         [range, set = std::move(set)](const std::string& text) {
                           set(parse_whole(text, range).value());
                         }));
}

Option Command::add_real(const char* name, double value, RealRange range, const char* shown,
                         const char* help, std::function<void(double)> set) {
  const auto complaint = [range](const std::string& text) -> std::string {
    if (parse_real(text, range)) return "";
    const std::string from = range.lowest > -kMost ? fmt::format(" from {}", range.lowest) : "";
    const std::string to = range.highest < kMost ? fmt::format(" to {}", range.highest) : "";
    return fmt::format("{} is not a number{}{}", text, from, to);
  };
  return Option(add_text(*app_, name, help, shown, fmt::format("{}", value), complaint,
                         [range, set = std::move(set)](const std::string& text) {
                           set(parse_real(text, range).value());
                         }));
}

Option Command::positive(const char* name, double& value, const char* shown, const char* help) {
  const auto above_zero = [](const std::string& text) {
    const auto number = parse_real(text, {.lowest = 0});
    return number && *number > 0 ? number : std::nullopt;
  };
  const auto complaint = [above_zero](const std::string& text) {
    return above_zero(text) ? "" : fmt::format("{} is not a number above 0", text);
  };
  return Option(add_text(
      *app_, name, help, shown, fmt::format("{}", value), complaint,
      [&value, above_zero](const std::string& text) { value = above_zero(text).value(); }));
}

// CLI11's own choices take the numbers of the values as well, and show them in --help.
Option Command::add_choice(const char* name, const std::vector<std::string_view>& names,
                           std::size_t chosen, const char* help,
                           std::function<void(std::size_t)> set) {
  const auto joined = [&names](std::string_view separator) {
    std::string all;
    for (const auto& known : names) (all += all.empty() ? "" : separator) += known;
    return all;
  };
  const auto complaint = [names, all = joined(", ")](const std::string& text) {
    const bool known = std::find(names.begin(), names.end(), text) != names.end();
    return known ? "" : fmt::format("{} is none of {}", text, all);
  };
  return Option(add_text(*app_, name, help, joined("|"), std::string(names[chosen]), complaint,
                         [names, set = std::move(set)](const std::string& text) {
                           const auto found = std::find(names.begin(), names.end(), text);
                           set(static_cast<std::size_t>(found - names.begin()));
                         }));
}

Option Command::on_or_off(const char* name, bool& value, const char* help) {
  return choice(name, value, std::array<Named<bool>, 2>{{{"on", true}, {"off", false}}}, help);
}

Option Command::model(std::filesystem::path& path, const char* help) {
  return this->path("MODEL", path, Access::kRead, "", help);
}

Option Command::out(std::filesystem::path& path, const char* shown, const char* help) {
  return this->path("--out", path, Access::kWrite, shown, help).required();
}

Option Command::data(std::filesystem::path& folder) {
  folder = default_data_folder();
  const std::string help = fmt::format(
      "{}; by default $XDG_CACHE_HOME/picovae/mnist, or ~/.cache/picovae/mnist", kDataForms);
  return path("--data", folder, Access::kRead, "DIR", help.c_str())
      .stands_for([&folder] { return dataset_files(folder); })
      .hide_default();
}

Option Command::data_argument(std::filesystem::path& folder) {
  return path("DIR", folder, Access::kRead, "", kDataForms).stands_for([&folder] {
    return dataset_files(folder);
  });
}

Option Command::seed(std::uint64_t& seed, const char* help) {
  return whole("--seed", seed, {}, "N", help);
}

Option Command::threads(unsigned& threads) {
  static const unsigned cores = std::max(1U, std::thread::hardware_concurrency());  // reads a file
  threads = cores;
  return whole("--threads", threads, {1, 256}, "N",
               "Threads, by default one a core; the result does not depend on them")
      .hide_default();
}

Option Command::pixels(PixelMode& mode) {
  return choice("--pixels", mode, kPixelModes,
                "gray: p / 255; binary: p > 127; stochastic: 1 with probability p / 255");
}

Option Command::validation(std::size_t& images) {
  return whole("--validation", images, {}, "N",
               "Hold out the last N training images and use them in place of the test set")
      .hide_default();
}

Option Command::json(bool& json) {
  const bool writes = std::any_of(roles_->begin(), roles_->end(), [](const FileRole& role) {
    return role.access == Access::kWrite;
  });
  return flag("--json", json,
              writes ? "Print the result as JSON; on standard error if a file is -"
                     : "Print the result as JSON");
}

void Command::run(std::function<void()> work) {
  app_->callback([chosen = chosen_, roles = roles_, work = std::move(work)] {
    *chosen = [roles, work] {
      check_files(*roles);
      choose_report_stream(*roles);
      work();
    };
  });
}

bool Command::given(const char* name) const { return app_->count(name) > 0; }

std::string Command::text_of(const char* name) const {
  const CLI::Option* option = app_->get_option(name);
  return given(name) ? option->results().back() : option->get_default_str();
}

CommandLine::CommandLine(const char* about, const char* example,
                         std::function<std::string()> version)
    : app_(std::make_unique<CLI::App>(about)) {
  app_->name("picovae");
  app_->footer(example);
  app_->require_subcommand(1);
  app_->set_version_flag("--version", std::move(version),
                         "Print version, format and the ISA in use");
}

CommandLine::~CommandLine() = default;

Command CommandLine::add(const char* name, const char* about, const char* example) {
  CLI::App* app = app_->add_subcommand(name, about);
  app->footer(example);
  return {*app, chosen_, roles_.emplace_back()};
}

// `help` and `version` are other words for options.
std::vector<std::string> CommandLine::arguments_of(int argc, const char* const* argv) const {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) arguments.push_back(with_new_name(argv[i]));
  if (arguments.empty()) throw Misuse("no command is given");
  if (arguments[0] == "version") arguments[0] = "--version";
  if (arguments[0] == "help") {
    arguments.erase(arguments.begin());
    arguments.push_back("--help");
  }
  if (arguments[0].starts_with('-')) {
    const std::vector<std::string> options = {"-h", "--help", "--version"};
    if (std::find(options.begin(), options.end(), arguments[0]) != options.end()) return arguments;
    throw Misuse(fmt::format("the command comes first, and {} is none{}", arguments[0],
                             guess(arguments[0], options)));
  }
  std::vector<std::string> names = {"help", "version"};
  for (const CLI::App* command : app_->get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), arguments[0]) == names.end()) {
    throw Misuse(
        fmt::format("there is no command \"{}\"{}", arguments[0], guess(arguments[0], names)));
  }
  return arguments;
}

// Of arguments that no option and no command takes.
std::string CommandLine::complaint_about_extras() const {
  const auto extras = app_->remaining(true);
  const auto commands = app_->get_subcommands();
  if (extras.empty() || commands.empty()) return "there are too many arguments";
  const std::string name = extras[0].substr(0, extras[0].find('='));
  if (!name.starts_with('-')) {
    return fmt::format("{} takes no further argument \"{}\"", commands[0]->get_name(), name);
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : commands[0]->get_options()) names.push_back(option->get_name());
  return fmt::format("{} has no option {}{}", commands[0]->get_name(), name, guess(name, names));
}

std::function<void()> CommandLine::parse(int argc, const char* const* argv) {
  std::vector<std::string> arguments = arguments_of(argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes the last one first
  try {
    app_->parse(std::move(arguments));
  } catch (const CLI::Success& success) {
    app_->exit(success);
    return {};
  } catch (const CLI::ExtrasError&) {
    throw Misuse(complaint_about_extras());
  } catch (const CLI::ParseError& error) {
    throw Misuse(error.what());
  }
  return chosen_;
}

}  // namespace picovae::tools

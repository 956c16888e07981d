#include "tools/commands/shared/command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "tools/base/names.hpp"

namespace picovae::tools {
namespace {

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
template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

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
                      std::function<void(const std::string&)> set) {
  CLI::Option* option = app.add_option_function<std::string>(name, set, help);
  option->type_name(std::move(shown));
  option->default_str(std::move(default_text));
  if (complaint) option->check(std::move(complaint));
  if (*name != '-') option->required();
  return *option;
}

// That of tools/fetch_mnist.sh.
std::filesystem::path default_data_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path{value == nullptr ? "" : value};
  };
  const auto cache = variable("XDG_CACHE_HOME");
  return (cache.empty() ? variable("HOME") / ".cache" : cache) / "picovae" / "mnist";
}

}  // namespace

const Option& Option::required() const {
  option_->required();
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

Option Command::path(const char* name, std::filesystem::path& value, const char* shown,
                     const char* help) {
  return Option(add_text(*app_, name, help, shown, value.string(), {},
                         [&value](const std::string& text) { value = text; }));
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
  return Option(
      add_text(*app_, name, help, shown, fmt::format("{}", value), complaint,
               [range, set](const std::string& text) { set(parse_whole(text, range).value()); }));
}

Option Command::add_real(const char* name, double value, RealRange range, const char* shown,
                         const char* help, std::function<void(double)> set) {
  const auto complaint = [range](const std::string& text) -> std::string {
    if (parse_real(text, range)) return "";
    const std::string from = range.lowest > -kMost ? fmt::format(" from {}", range.lowest) : "";
    const std::string to = range.highest < kMost ? fmt::format(" to {}", range.highest) : "";
    return fmt::format("{} is not a number{}{}", text, from, to);
  };
  return Option(
      add_text(*app_, name, help, shown, fmt::format("{}", value), complaint,
               [range, set](const std::string& text) { set(parse_real(text, range).value()); }));
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
                         [names, set](const std::string& text) {
                           const auto found = std::find(names.begin(), names.end(), text);
                           set(static_cast<std::size_t>(found - names.begin()));
                         }));
}

Option Command::on_or_off(const char* name, bool& value, const char* help) {
  return choice(name, value, std::array<Named<bool>, 2>{{{"on", true}, {"off", false}}}, help);
}

Option Command::model(std::filesystem::path& path, const char* help) {
  return this->path("model", path, "MODEL", help);
}

Option Command::out(std::filesystem::path& path, const char* shown, const char* help) {
  return this->path("--out", path, shown, help).required();
}

Option Command::data(std::filesystem::path& folder) {
  folder = default_data_folder();
  return path("--data", folder, "DIR",
              "Folder of a data set's four IDX files, plain or .gz: MNIST (tools/fetch_mnist.sh) "
              "or another; DIR/PREFIX if their names have a prefix, as emnist-letters");
}

Option Command::seed(std::uint64_t& seed, const char* help) {
  return whole("--seed", seed, {}, "N", help);
}

Option Command::threads(unsigned& threads) {
  threads = std::max(1U, std::thread::hardware_concurrency());
  return whole("--threads", threads, {1, 256}, "N", "Threads; the result does not depend on them");
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

Option Command::json(bool& json) { return flag("--json", json, "Print the result as JSON"); }

void Command::run(std::function<void()> work) {
  app_->callback([chosen = chosen_, work = std::move(work)] { *chosen = work; });
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
                         "Print version, shape and the ISA in use");
}

CommandLine::~CommandLine() = default;

Command CommandLine::add(const char* name, const char* about, const char* example) {
  CLI::App* app = app_->add_subcommand(name, about);
  app->footer(example);
  return {*app, chosen_};
}

std::function<void()> CommandLine::parse(int argc, const char* const* argv) {
  std::vector<std::string> arguments;  // CLI11 takes the last one first
  for (int i = argc - 1; i > 0; --i) arguments.push_back(with_new_name(argv[i]));
  try {
    app_->parse(std::move(arguments));
  } catch (const CLI::Success& success) {
    app_->exit(success);
    return {};
  } catch (const CLI::ParseError& error) {
    throw Misuse(error.what());
  }
  return chosen_;
}

}  // namespace picovae::tools

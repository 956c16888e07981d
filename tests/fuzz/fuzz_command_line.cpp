// Any lines as the arguments of picovae. They are parsed; no command does its work.
#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/commands/commands.hpp"

namespace {

// Stops between parsing, checks and all, and the callbacks that do the work.
class Parser : public CLI::App {
 private:
  void pre_callback() override { throw CLI::Success(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') {
      arguments.emplace_back();
    } else if (data[i] != 0) {
      arguments.back() += static_cast<char>(data[i]);
    }
  }
  std::vector<const char*> pointers{"picovae"};
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());

  Parser app;
  app.require_subcommand(1);
  for (const auto add : picovae::tools::kCommands) add(app);
  try {
    app.parse(static_cast<int>(pointers.size()), pointers.data());
  } catch (const CLI::ParseError&) {  // parsed, or misused
  }
  return 0;
}

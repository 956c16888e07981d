// Any lines as the arguments of picovae. They are parsed; no command does its work.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace picovae::tools;
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

  CommandLine line("", "", [] { return std::string(); });
  for (const auto add : kCommands) add(line);
  try {
    line.parse(static_cast<int>(pointers.size()), pointers.data());
  } catch (const Misuse&) {
  }
  return 0;
}

// Curves are drawn by gnuplot, the program.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace picovae::tools {

// Runs gnuplot on a script, without anybody's settings, and returns what it writes to its standard
// output. Fails where gnuplot is missing (saying how to install it) or does not like the script.
std::vector<std::byte> run_gnuplot(std::string_view script);

}  // namespace picovae::tools

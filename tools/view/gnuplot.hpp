// Runs the program gnuplot, which draws curves and maps.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace picovae::tools {

// Runs gnuplot on a script, without the user's settings, and returns what it writes to its standard
// output. Fails if gnuplot is missing (saying how to install it) or finds an error in the script.
std::vector<std::byte> run_gnuplot(std::string_view script);

}  // namespace picovae::tools

// Numbers of the command line: plain decimal ones, in their range. CLI11's own checks let nan pass
// every range, take 010 for 8 and -1 for 2^64 - 1.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

namespace picovae::tools {

// For Option::transform: a whole number from `lowest` to `highest`, digits alone.
CLI::Validator whole_number(std::uint64_t lowest,
                            std::uint64_t highest = std::numeric_limits<std::uint64_t>::max());

// The same for real numbers, such as 0.5, -3 or 1e-3, that an f32 can hold.
CLI::Validator real_number(double lowest = std::numeric_limits<float>::lowest(),
                           double highest = std::numeric_limits<float>::max());

// A real number above 0.
CLI::Validator positive_number();

}  // namespace picovae::tools

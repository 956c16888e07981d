// What several commands share: options that mean the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "tools/commands/command.hpp"
#include "tools/data/pixels.hpp"
#include "tools/measure/elbo.hpp"

namespace picovae::tools {

// Side of an image of the built shape, for pictures; fails where its pixels are no square.
std::size_t image_side();

// --data DIR, by default the folder of tools/fetch_mnist.sh.
void add_data_option(const Command& command, std::filesystem::path& folder);

// --seed N, a whole number of 64 bits. `what` it seeds.
void add_seed_option(const Command& command, std::uint64_t& seed, const char* what);

// --threads N, by default one a core.
void add_threads_option(const Command& command, unsigned& threads);

// --pixels gray|binary|stochastic.
void add_pixels_option(const Command& command, PixelMode& pixels);

// --validation N: how many training images stand in the test set's place.
void add_validation_option(const Command& command, std::size_t& images);

// --json: a machine-readable result on stdout.
void add_json_option(const Command& command, bool& json);

}  // namespace picovae::tools

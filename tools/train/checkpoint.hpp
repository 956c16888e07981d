// A training run in a file, from which it goes on as if it had never stopped. The file is
// safetensors: the model as it is, which every command reads, and the rest under names picovae.*.
// A CRC-32C of all bytes tells damaged files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "tools/format/network.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/train/recipe.hpp"

namespace picovae::tools {

struct Checkpoint {
  Settings settings;
  std::string log;        // of the epochs done; ASCII
  SafetensorsFile state;  // Trainer::state()
};

// Writes a checkpoint and, for other commands, the model that it is of; whole or not at all. Fails
// if a value is not finite.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                     const Network& model);

// Fails, naming `name` (the path), if the bytes are no checkpoint or damaged. Whether it fits a
// trainer is for Trainer::restore() to say; `state` may hold more than that asks for.
Checkpoint parse_checkpoint(std::span<const std::byte> bytes, std::string_view name);
Checkpoint load_checkpoint(const std::filesystem::path& path);

// Fails if settings differ, naming each: what the checkpoint at `path` has, what was asked.
void require_same_settings(const Checkpoint& checkpoint, const Settings& asked,
                           const std::filesystem::path& path);

}  // namespace picovae::tools

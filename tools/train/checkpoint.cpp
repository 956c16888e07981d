#include "tools/train/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "picovae/crc32c.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 30;

constexpr std::string_view kChecksumKey = "picovae.checksum";
constexpr std::string_view kBlank = "00000000";  // in place of the checksum, while it is computed
constexpr std::string_view kSettingPrefix = "picovae.setting.";
constexpr std::size_t kMostDifferences = 6;           // in a message
constexpr std::string_view kLogName = "picovae.log";  // a character in each value

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Where the checksum's digits are; npos in a file that has none. Quotes within other strings are
// escaped, so the first key found is the checkpoint's.
std::size_t find_checksum(std::string_view file) {
  const std::string key = fmt::format("\"{}\":\"", kChecksumKey);
  const auto at = file.find(key);
  if (at == std::string_view::npos || file.size() - at < key.size() + kBlank.size()) {
    return std::string_view::npos;
  }
  return at + key.size();
}

// Of all bytes but its own digits.
std::string checksum_around(std::span<const std::byte> bytes, std::size_t digits) {
  const std::uint32_t before = crc32c(bytes.first(digits));
  return fmt::format("{:08x}", crc32c(bytes.subspan(digits + kBlank.size()), before));
}

// The option, or what else a setting is; a name that no recipe has is the file's own.
std::string option_of(const std::string& setting) {
  if (setting == "learning_rate") return "--lr";
  if (setting == kActivationKey) return "--activation";
  if (setting == "centred") return "--centered";
  if (setting == "version" || setting == "shape") return "picovae's " + setting;
  constexpr std::string_view kOfNames = "abcdefghijklmnopqrstuvwxyz0123456789_";
  if (setting.find_first_not_of(kOfNames) != setting.npos) return quote_name(setting);
  std::string option = "--" + shortened(setting);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

std::string log_text(const Tensor& tensor, std::string_view name) {
  std::string text;
  for (const float value : tensor.data) {
    const bool is_ascii = value == '\n' || (value >= ' ' && value <= '~');
    if (!is_ascii) fail("{}: the log has {} in place of a character", name, value);
    text += static_cast<char>(value);
  }
  return text;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                     const Network& model) {
  const std::string name = path.string();
  SafetensorsFile file = to_safetensors(model, name);
  file.tensors.insert(file.tensors.end(), checkpoint.state.tensors.begin(),
                      checkpoint.state.tensors.end());
  const std::string& log = checkpoint.log;
  file.tensors.push_back({std::string(kLogName), {log.size()}, {log.begin(), log.end()}});
  file.metadata = checkpoint.state.metadata;
  file.metadata[std::string(kChecksumKey)] = kBlank;
  for (const auto& [setting, value] : checkpoint.settings) {
    file.metadata[fmt::format("{}{}", kSettingPrefix, setting)] = value;
  }
  std::vector<std::byte> bytes = encode_safetensors(file, name);
  const std::size_t digits = find_checksum(text_of(bytes));
  const std::string crc = checksum_around(bytes, digits);
  std::transform(crc.begin(), crc.end(), bytes.begin() + static_cast<std::ptrdiff_t>(digits),
                 [](char c) { return static_cast<std::byte>(c); });
  write_file(path, bytes);
}

Checkpoint parse_checkpoint(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text = text_of(bytes);
  const std::size_t digits = find_checksum(text);
  if (digits == std::string_view::npos) {
    fail("{}: has no {}; it is no checkpoint of picovae train", name, kChecksumKey);
  }
  if (text.substr(digits, kBlank.size()) != checksum_around(bytes, digits)) {
    fail("{}: its checksum is not that of its bytes; it is damaged or cut short", name);
  }
  Checkpoint checkpoint;
  checkpoint.state = parse_safetensors(bytes, name);
  for (const auto& [key, value] : checkpoint.state.metadata) {
    if (key.starts_with(kSettingPrefix)) {
      checkpoint.settings[key.substr(kSettingPrefix.size())] = value;
    }
  }
  for (const Tensor& tensor : checkpoint.state.tensors) {
    if (tensor.name == kLogName) checkpoint.log = log_text(tensor, name);
  }
  return checkpoint;
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  return parse_checkpoint(read_file(path, kMaxFile), path.string());
}

void require_same_settings(const Checkpoint& checkpoint, const Settings& asked,
                           const std::filesystem::path& path) {
  std::set<std::string> keys;
  for (const Settings* settings : {&checkpoint.settings, &asked}) {
    for (const auto& [key, value] : *settings) keys.insert(key);
  }
  const auto text = [](const Settings& settings, const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? "nothing" : quote_name(found->second);
  };
  std::vector<std::string> differences;
  for (const std::string& key : keys) {
    const std::string there = text(checkpoint.settings, key);
    const std::string here = text(asked, key);
    if (there != here) {
      differences.push_back(fmt::format("{} is {} there, {} here", option_of(key), there, here));
    }
  }
  if (differences.empty()) return;
  if (differences.size() > kMostDifferences) {
    const std::size_t more = differences.size() - kMostDifferences;
    differences.resize(kMostDifferences);
    differences.push_back(fmt::format("and {} more", more));
  }
  fail("{}: is of another training: {}; resume with the options that it began with", path.string(),
       joined(differences, ", "));
}

}  // namespace picovae::tools

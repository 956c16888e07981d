// A temporary folder for a test, removed with all its files when the test ends.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"

namespace picovae::tests {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "picovae-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  // How many files and folders are in it.
  std::size_t count() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::filesystem::path path_;
};

// What is in a file, which is a short one.
inline std::string text_of(const std::filesystem::path& path) {
  const auto bytes = tools::read_file(path, 1000);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Runs `action` and returns the message of the tools::Error it throws, "" if it throws none.
template <typename Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const tools::Error& error) {
    return error.what();
  }
  return "";
}

// What every message must be: one line that begins with the file's name.
inline bool is_one_line_about(std::string_view message, const std::filesystem::path& path) {
  return message.starts_with(path.string()) && message.find('\n') == std::string_view::npos;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace picovae::tests

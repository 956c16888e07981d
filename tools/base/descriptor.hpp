// An open file that is closed when its owner ends.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace picovae::tools {

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}  // negative: none
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }

  int get() const { return value_; }
  bool is_open() const { return value_ >= 0; }

  // Returns 0, or -1 and errno.
  int close() { return is_open() ? ::close(std::exchange(value_, -1)) : 0; }

 private:
  int value_;
};

// What errno says, in words.
inline std::string reason(int error) { return std::generic_category().message(error); }

// A folder's path without the slash at its end.
inline std::filesystem::path without_slash(const std::filesystem::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

// The folder that `path` is or will be in.
inline std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace picovae::tools

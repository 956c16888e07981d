// A file that is read once, from its beginning to its end; gzip is decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace picovae::tools {

// Errors name the path and the reason.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);

  const std::string& path() const { return path_; }
  std::size_t offset() const { return offset_; }  // bytes read so far, after decompression

  // Reads at most `size` bytes; returns how many there were before the end of the file.
  std::size_t read(std::uint8_t* out, std::size_t size);

 private:
  struct Close {
    void operator()(void* stream) const;
  };

  std::string path_;
  std::size_t offset_ = 0;
  std::unique_ptr<void, Close> stream_;  // of zlib, or of the C library in a build without zlib
};

}  // namespace picovae::tools

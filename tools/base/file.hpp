// Files read whole, and files written whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace picovae::tools {

// Returns the whole content of `path`. Fails if it cannot be read or is longer than `limit` bytes,
// so that a wrong path (a disk image, /dev/zero) does not fill the memory.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::size_t limit);

// Replaces `path` by `bytes`. If this fails, the old file is as it was.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

// The same for text.
void write_file(const std::filesystem::path& path, std::string_view text);

// Fails if write_file(path, ...) could not start: the folder is missing or read-only, `path` is a
// folder, the file is write-protected. Call it before long work. It leaves no file behind and
// changes none.
void check_writable(const std::filesystem::path& path);

// A file under construction. Bytes go to a temporary file in the same folder, which commit()
// renames over `path`; without commit() the destructor removes it. A target that is no regular file
// (a device, a pipe, /dev/stdout) cannot be replaced and is written directly.
// Errors name the path and the system's reason.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  // Flushes the file to the disk, gives it its name, and flushes the folder: a power cut leaves the
  // old file or the new one. Nothing may be written afterwards.
  void commit();

 private:
  void open_temporary();

  std::filesystem::path path_;       // as the user gave it: for messages
  std::filesystem::path target_;     // with links followed, so that a link stays a link
  std::filesystem::path temporary_;  // empty if written directly, and after commit()
  int descriptor_ = -1;
};

}  // namespace picovae::tools

// Files read whole, and files written whole or not at all. The path "-" is standard input if it is
// read and standard output if it is written; a file of that name is ./-.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace picovae::tools {

enum class Access { kRead, kWrite };

// Which file a path names, links followed: two names of one file have equal identities.
struct FileIdentity {
  dev_t device = 0;  // of the file, or of the folder that it would be created in
  ino_t inode = 0;
  std::string name;  // in that folder; empty if the file exists

  bool operator==(const FileIdentity&) const = default;
  bool operator<(const FileIdentity& other) const {  // libc++ 14 orders no strings by <=>
    return std::tie(device, inode, name) < std::tie(other.device, other.inode, other.name);
  }
};

// None for a device such as /dev/null or a terminal, which holds nothing that could be lost, unless
// it is named as standard input or output; and for a path that leads nowhere.
std::optional<FileIdentity> identify(const std::filesystem::path& path, Access access);

// Whether `path` is read or written byte after byte and cannot be read twice or replaced: "-",
// /dev/stdout and its like, a pipe, a device, or the file that standard output was redirected to.
bool is_stream(const std::filesystem::path& path, Access access);

// Whether what is written to `path` goes to standard output, by whatever name.
bool is_standard_output(const std::filesystem::path& path);

// Returns the whole content of `path`. Fails if it cannot be read or is longer than `limit` bytes,
// so that a wrong path (a disk image, /dev/zero) does not fill the memory.
std::vector<std::byte> read_file(const std::filesystem::path& path, std::size_t limit);

// The same as u8.
std::vector<std::uint8_t> read_file_u8(const std::filesystem::path& path, std::size_t limit);

// Replaces `path` by `bytes`. If this fails, the old file is as it was.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

// The same for text.
void write_file(const std::filesystem::path& path, std::string_view text);

// Fails if write_file(path, ...) could not start: the folder is missing or read-only, `path` is a
// folder, the file is write-protected. Call it before long work. It leaves no file behind and
// changes none.
void check_writable(const std::filesystem::path& path);

// A file under construction. Bytes go to a temporary file in the same folder, which commit()
// renames over `path`; without commit() the destructor removes it. The temporary file has a name
// that no file had. A stream cannot be replaced and is written directly.
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

// A lock that one process holds at a time, by an empty file that is created for it. The system
// releases it when the process ends, however it does; the file may stay then, and means nothing.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool is_held() const { return descriptor_ >= 0; }  // if not, another process holds it

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// The path of a file beside `path`, links followed: its name and `ending`.
std::filesystem::path path_beside(const std::filesystem::path& path, std::string_view ending);

}  // namespace picovae::tools

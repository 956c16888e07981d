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

#include "tools/base/descriptor.hpp"
#include "tools/base/temporary.hpp"

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

// A file under construction. Bytes go to a temporary file, which commit() puts at `path`; without
// commit() the destructor removes it. A link stays one: the file that it leads to is replaced. A
// file that is replaced keeps its permissions. A stream cannot be replaced and is written directly.
// Errors name the path and the system's reason.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path);

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  // Flushes the file to the disk, gives it its name, and flushes the folder: a power cut leaves the
  // old file or the new one. Nothing may be written afterwards.
  void commit();

 private:
  std::filesystem::path path_;  // as the user gave it: for messages
  std::optional<Temporary> temporary_;
  Descriptor stream_;  // that which is written directly
};

// The path that `path` leads to, also if there is no file there yet.
std::filesystem::path follow_links(std::filesystem::path path);

// The path of a file beside `path`, links followed: its name and `ending`.
std::filesystem::path path_beside(const std::filesystem::path& path, std::string_view ending);

}  // namespace picovae::tools

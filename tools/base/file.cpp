#include "tools/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/memory.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

// The status of the file at `path`, links followed; nothing if there is no such file.
std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  if (errno == ENOTDIR) {
    fail("{}: {} is not a folder; choose another place", path.string(),
         path.parent_path().string());
  }
  fail("{}: cannot be used: {}", path.string(), reason(errno));
}

// The open descriptor that a path is a name of; nothing for any other path.
std::optional<int> named_descriptor(const fs::path& path, Access access) {
  if (path == "-") return access == Access::kRead ? STDIN_FILENO : STDOUT_FILENO;
  const std::string name = path.lexically_normal().string();
  if (name == "/dev/stdin") return STDIN_FILENO;
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!name.starts_with(folder)) continue;
    const auto number = parse_number<int>(std::string_view(name).substr(folder.size()));
    if (number && *number >= 0) return number;
  }
  return std::nullopt;
}

// The descriptor to write `path` through, if it is open already: a file that is opened anew has a
// place of its own to write at, and what comes after would be written over it. So a file is found
// by any name if the shell has opened it as standard output.
std::optional<int> output_descriptor(const fs::path& path) {
  if (const auto named = named_descriptor(path, Access::kWrite)) return named;
  struct stat file {};
  struct stat output {};
  if (::stat(path.c_str(), &file) != 0 || ::fstat(STDOUT_FILENO, &output) != 0) return {};
  const bool same = file.st_dev == output.st_dev && file.st_ino == output.st_ino;
  if (same && !S_ISCHR(file.st_mode)) return STDOUT_FILENO;
  return std::nullopt;
}

Descriptor duplicate(int descriptor) {
  return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

// Fails if the descriptor is not open for writing.
void check_descriptor(int descriptor, const fs::path& path) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  const int error = flags < 0 ? errno : (flags & O_ACCMODE) == O_RDONLY ? EBADF : 0;
  if (error != 0) fail("{}: cannot be written: {}", path.string(), reason(error));
}

// Refuses what is wrong, as far as this can be seen without opening anything.
std::optional<struct stat> check_target(const fs::path& path) {
  if (path.empty()) fail("an output file has an empty name; give it a name");
  if (!path.has_filename()) fail("{}: names a folder; give a file name", path.string());
  const auto status = status_of(path);
  if (status) {
    if (S_ISDIR(status->st_mode)) fail("{}: is a folder; give a file name", path.string());
    if (::access(path.c_str(), W_OK) != 0) {
      fail("{}: cannot be written: {}", path.string(), reason(errno));
    }
    return status;
  }
  const fs::path folder = folder_of(follow_links(path));
  if (!status_of(folder)) {
    fail("{}: the folder {} does not exist; create it first", path.string(), folder.string());
  }
  return status;
}

// Of a file that is replaced: owner and group too, if the system lets us. A group that cannot be
// kept gives its rights to no other one. It fails only on file systems that have none of this.
void keep_permissions(int descriptor, const struct stat& old) {
  mode_t mode = old.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
  constexpr auto kUnchanged = static_cast<uid_t>(-1);
  if (::fchown(descriptor, old.st_uid, old.st_gid) != 0 &&
      ::fchown(descriptor, kUnchanged, old.st_gid) != 0) {
    const mode_t everybody = mode & S_IRWXO;
    mode = (mode & ~mode_t{S_IRWXG}) | (mode & everybody << 3);
  }
  static_cast<void>(::fchmod(descriptor, mode));
}

}  // namespace

std::optional<FileIdentity> identify(const fs::path& path, Access access) {
  struct stat status {};
  const auto named = named_descriptor(path, access);
  if ((named ? ::fstat(*named, &status) : ::stat(path.c_str(), &status)) == 0) {
    if (!S_ISCHR(status.st_mode)) return FileIdentity{status.st_dev, status.st_ino, ""};
    if (!named) return std::nullopt;
    return FileIdentity{0, 0, fmt::format("descriptor {}", *named)};
  }
  const fs::path target = follow_links(path);
  if (!target.has_filename() || ::stat(folder_of(target).c_str(), &status) != 0) return {};
  return FileIdentity{status.st_dev, status.st_ino, target.filename().string()};
}

bool is_stream(const fs::path& path, Access access) {
  if (named_descriptor(path, access)) return true;
  if (access == Access::kWrite && output_descriptor(path)) return true;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

bool is_standard_output(const fs::path& path) { return output_descriptor(path) == STDOUT_FILENO; }

namespace {

template <typename Byte>
std::vector<Byte> read_whole(const fs::path& path, std::size_t limit) {
  const auto named = named_descriptor(path, Access::kRead);
  const Descriptor file =
      named ? duplicate(*named) : Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) fail("{}: cannot be opened: {}", path.string(), reason(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("{}: {}", path.string(), reason(errno));
  if (S_ISDIR(status.st_mode)) fail("{}: is a folder; give a file", path.string());

  constexpr std::size_t kChunk = std::size_t{1} << 20;
  std::vector<Byte> bytes;
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    // One more than the size, so that the end of the file is seen without growing.
    reserve_for(bytes, std::min(static_cast<std::size_t>(status.st_size), limit) + 1,
                path.string());
  }
  // Reads up to one byte beyond the limit, to tell a file that is too long from one that fits.
  for (;;) {
    const std::size_t old_size = bytes.size();
    const std::size_t room = bytes.capacity() - old_size;
    bytes.resize(old_size + std::min(room != 0 ? room : kChunk, limit - old_size + 1));
    const ssize_t count = ::read(file.get(), bytes.data() + old_size, bytes.size() - old_size);
    if (count < 0) {
      bytes.resize(old_size);
      if (errno == EINTR) continue;
      fail("{}: cannot be read: {}", path.string(), reason(errno));
    }
    bytes.resize(old_size + static_cast<std::size_t>(count));
    if (count == 0) return bytes;
    if (bytes.size() > limit) {
      fail("{}: is longer than {} bytes, the most accepted here; is it the right file?",
           path.string(), limit);
    }
  }
}

}  // namespace

std::vector<std::byte> read_file(const fs::path& path, std::size_t limit) {
  return read_whole<std::byte>(path, limit);
}

std::vector<std::uint8_t> read_file_u8(const fs::path& path, std::size_t limit) {
  return read_whole<std::uint8_t>(path, limit);
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())));
}

void check_writable(const fs::path& path) {
  if (const auto descriptor = output_descriptor(path)) return check_descriptor(*descriptor, path);
  check_target(path);
  // A device or a pipe is not opened: its reader would take the closing for the end.
  if (is_stream(path, Access::kWrite)) return;
  OutputFile probe(path);  // makes the calls of write_file, and undoes them in the destructor
}

OutputFile::OutputFile(fs::path path) : path_(std::move(path)) {
  if (const auto open = output_descriptor(path_)) {
    check_descriptor(*open, path_);
    stream_ = duplicate(*open);
    if (!stream_.is_open()) fail("{}: cannot be opened: {}", path_.string(), reason(errno));
    return;
  }
  const auto status = check_target(path_);
  if (is_stream(path_, Access::kWrite)) {
    stream_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
    if (!stream_.is_open()) fail("{}: cannot be opened: {}", path_.string(), reason(errno));
    return;
  }
  std::error_code error;
  const fs::path target = status ? fs::canonical(path_, error) : follow_links(path_);
  if (error) fail("{}: {}", path_.string(), error.message());
  temporary_.emplace(Temporary::Kind::kFile, target, path_.string());
  if (status) keep_permissions(temporary_->descriptor(), *status);
}

void OutputFile::write(std::span<const std::byte> bytes) {
  const int descriptor = temporary_ ? temporary_->descriptor() : stream_.get();
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      fail("{}: cannot be written: {}", path_.string(), reason(errno));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void OutputFile::write(std::string_view text) {
  write(std::as_bytes(std::span(text.data(), text.size())));
}

void OutputFile::commit() {
  if (temporary_) return temporary_->commit();
  int error = sync_if_possible(stream_.get());
  if (stream_.close() != 0 && error == 0) error = errno;
  if (error != 0) fail("{}: cannot be written: {}", path_.string(), reason(error));
}

fs::path follow_links(fs::path path) {
  constexpr int kMostLinks = 40;
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error); ++i) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;
  }
  return path;
}

fs::path path_beside(const fs::path& path, std::string_view ending) {
  fs::path beside = follow_links(path);
  beside += ending;
  return beside;
}

}  // namespace picovae::tools

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

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

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

// If standard output is a regular file, it must be written and not replaced: the shell has it open.
bool names_open_descriptor(const fs::path& path) {
  const std::string name = path.lexically_normal().string();
  return name == "/dev/stdout" || name == "/dev/stderr" || name.starts_with("/dev/fd/") ||
         name.starts_with("/proc/self/fd/");
}

bool is_written_directly(const fs::path& path, const std::optional<struct stat>& status) {
  return status && (!S_ISREG(status->st_mode) || names_open_descriptor(path));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Flushes the folder's entries to the disk; otherwise a power cut may restore the old file. Returns
// 0 or errno; 0 too if the folder may not be read or its file system cannot flush folders.
int sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) return errno == EACCES ? 0 : errno;
  if (::fsync(descriptor.get()) == 0 || errno == EINVAL || errno == ENOTSUP) return 0;
  return errno;
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
  const fs::path folder = folder_of(path);
  if (!status_of(folder)) {
    fail("{}: the folder {} does not exist; create it first", path.string(), folder.string());
  }
  return status;
}

}  // namespace

std::vector<std::byte> read_file(const fs::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("{}: cannot be opened: {}", path.string(), reason(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("{}: {}", path.string(), reason(errno));
  if (S_ISDIR(status.st_mode)) fail("{}: is a folder; give a file", path.string());

  constexpr std::size_t kChunk = std::size_t{1} << 20;
  std::vector<std::byte> bytes;
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    // One more than the size, so that the end of the file is seen without growing.
    bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), limit) + 1);
  }
  // Reads up to one byte beyond the limit, to tell a file that is too long from one that fits.
  for (;;) {
    const std::size_t old_size = bytes.size();
    const std::size_t room = std::max(bytes.capacity() - old_size, kChunk);
    bytes.resize(old_size + std::min(room, limit - old_size + 1));
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

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

void check_writable(const fs::path& path) {
  // A device or a pipe is not opened: its reader would take the closing for the end.
  if (is_written_directly(path, check_target(path))) return;
  OutputFile probe(path);  // makes the calls of write_file, and undoes them in the destructor
}

OutputFile::OutputFile(fs::path path) : path_(std::move(path)) {
  const auto status = check_target(path_);
  if (is_written_directly(path_, status)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ < 0) fail("{}: cannot be opened: {}", path_.string(), reason(errno));
    return;
  }
  std::error_code error;
  target_ = status ? fs::canonical(path_, error) : path_;
  if (error) fail("{}: {}", path_.string(), error.message());
  open_temporary();
  // A file that is replaced keeps its permissions. This fails only if the file system has none.
  if (status) static_cast<void>(::fchmod(descriptor_, status->st_mode & 0777));
}

void OutputFile::open_temporary() {
  constexpr int kAttempts = 1000;  // names left over by killed processes of the same id
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto name = fmt::format(".picovae-{}-{}.tmp", ::getpid(), attempt);
    auto candidate = target_.parent_path() / name;
    descriptor_ = ::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      temporary_ = std::move(candidate);
      return;
    }
    if (errno != EEXIST) break;
  }
  const int error = errno;
  fail("{}: no file can be created in the folder {}: {}", path_.string(),
       folder_of(target_).string(), reason(error));
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      fail("{}: cannot be written: {}", path_.string(), reason(errno));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void OutputFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void OutputFile::commit() {
  // Terminals and pipes have no fsync and return EINVAL; a real file never does.
  if (::fsync(descriptor_) != 0 && !(temporary_.empty() && (errno == EINVAL || errno == ENOTSUP))) {
    fail("{}: cannot be written: {}", path_.string(), reason(errno));
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    fail("{}: cannot be written: {}", path_.string(), reason(errno));
  }
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail("{}: cannot be given its name: {}", path_.string(), reason(errno));
  }
  temporary_.clear();
  if (const int error = sync_folder(folder_of(target_)); error != 0) {
    fail("{}: is written, but may be lost when the power fails: {}", path_.string(), reason(error));
  }
}

}  // namespace picovae::tools

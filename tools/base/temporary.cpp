#include "tools/base/temporary.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/lock.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".picovae-";
constexpr std::string_view kSuffix = ".tmp";

// Whether it may be a Temporary.
bool is_temporary(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  const std::string_view middle =
      std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  return std::count(middle.begin(), middle.end(), '-') == 1 &&
         middle.find_first_not_of("0123456789-") == std::string_view::npos;
}

// If its process has ended. Who may remove a file by its folder may do so whoever's it is; what is
// in a folder of another user's is none of ours.
void remove_if_left(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  const bool is_folder = S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
  if (!is_folder && !S_ISREG(status.st_mode)) return;
  const int flags = is_folder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
  const Descriptor file(::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open() || lock_file(file.get(), path) != Locking::kHeld) return;
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// What processes that were killed have left in the folder.
void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_temporary(entry->path())) remove_if_left(entry->path());
  }
}

}  // namespace

int sync_file(int descriptor) {
#ifdef F_FULLFSYNC  // Apple's fsync leaves the bytes in the disk's own memory
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

int sync_if_possible(int descriptor) {
  const int error = sync_file(descriptor);
  return error == EINVAL || error == ENOTSUP ? 0 : error;
}

int sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open()) return errno == EACCES ? 0 : errno;
  return sync_if_possible(descriptor.get());
}

Temporary::Temporary(Kind kind, fs::path target, std::string given)
    : kind_(kind), target_(std::move(target)), given_(std::move(given)) {
  if (is_temporary(target_)) {
    fail("{}: is a name of temporary files, which are removed; give another", given_);
  }
  constexpr int kAttempts = 1000;  // names of this process's own, or of one of the same number
  remove_leftovers(folder_of(target_));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto name = fmt::format("{}{}-{}{}", kPrefix, ::getpid(), attempt, kSuffix);
    auto candidate = target_.parent_path() / name;
    descriptor_ = create(candidate);
    if (!descriptor_.is_open() && errno == EEXIST) continue;
    if (!descriptor_.is_open()) break;
    const Locking locking = lock_file(descriptor_.get(), candidate);
    if (locking == Locking::kTaken || locking == Locking::kNameless) continue;  // taken for left
    path_ = std::move(candidate);
    return;
  }
  const int error = errno;
  fail("{}: no {} can be created in the folder {}: {}", given_,
       kind_ == Kind::kFile ? "file" : "folder", folder_of(target_).string(), reason(error));
}

// With the permissions that the user gives to new files and folders. None if it fails, and errno.
Descriptor Temporary::create(const fs::path& candidate) const {
  if (kind_ == Kind::kFile) {
    return Descriptor(::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  }
  if (::mkdir(candidate.c_str(), 0777) != 0) return Descriptor();
  Descriptor folder(::open(candidate.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) ::rmdir(candidate.c_str());
  return folder;
}

Temporary::~Temporary() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void Temporary::commit() {
  const int unsynced = kind_ == Kind::kFile ? sync_file(descriptor()) : 0;
  if (unsynced != 0) fail("{}: cannot be written: {}", given_, reason(unsynced));
  if (::rename(path_.c_str(), target_.c_str()) != 0) {
    fail("{}: cannot be given its name: {}", given_, reason(errno));
  }
  path_.clear();
  // Not before: the lock goes with it.
  if (descriptor_.close() != 0) fail("{}: cannot be written: {}", given_, reason(errno));
  if (const int error = sync_folder(folder_of(target_)); error != 0) {
    fail("{}: is written, but may be lost when the power fails: {}", given_, reason(error));
  }
}

}  // namespace picovae::tools

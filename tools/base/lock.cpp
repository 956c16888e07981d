#include "tools/base/lock.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

// Whether the path is a name of the open file, and not of one that has taken its place.
bool is_named(int descriptor, const std::filesystem::path& path) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace

Locking lock_file(int descriptor, const std::filesystem::path& path) {
  int result = 0;
  do {
    result = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return errno == EWOULDBLOCK ? Locking::kTaken : Locking::kUnsupported;
  return is_named(descriptor, path) ? Locking::kHeld : Locking::kNameless;
}

FileLock::FileLock(std::filesystem::path path) : path_(std::move(path)) {
  Locking locking = Locking::kNameless;
  while (locking == Locking::kNameless) {  // who held it has removed the file between the two calls
    descriptor_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!is_held()) fail("{}: cannot be created: {}", path_.string(), reason(errno));
    locking = lock_file(descriptor_.get(), path_);
  }
  if (locking == Locking::kTaken) descriptor_.close();  // without locks nobody is protected
}

FileLock::~FileLock() {
  if (is_held()) ::unlink(path_.c_str());  // while it is held, so that nobody else's is removed
}

}  // namespace picovae::tools

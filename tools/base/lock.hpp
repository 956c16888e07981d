// Locks by files, which the system releases when the process ends, however it does.
#pragma once

#include <filesystem>

#include "tools/base/descriptor.hpp"

namespace picovae::tools {

enum class Locking {
  kHeld,         // by this descriptor
  kTaken,        // by another
  kNameless,     // held, but `path` is no name of the file any more
  kUnsupported,  // by the file system
};

// Takes the lock of an open file, without waiting.
Locking lock_file(int descriptor, const std::filesystem::path& path);

// A lock that one process holds at a time, by an empty file that is created for it. If a process is
// killed, the file may stay, and means nothing.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  bool is_held() const { return descriptor_.is_open(); }  // if not, another process holds it

 private:
  std::filesystem::path path_;
  Descriptor descriptor_;
};

}  // namespace picovae::tools

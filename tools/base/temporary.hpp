// What is written appears under its name when it is whole and on the disk, or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "tools/base/descriptor.hpp"

namespace picovae::tools {

// Flushes the folder's entries to the disk; otherwise a power cut may restore the old ones. Returns
// 0 or errno; 0 too if the folder may not be read or its file system cannot flush folders.
int sync_folder(const std::filesystem::path& folder);

// Flushes an open file. Returns 0 or errno.
int sync_file(int descriptor);

// The same; 0 too if it is none that can be flushed: a terminal, a pipe, some folders.
int sync_if_possible(int descriptor);

// A file or folder under construction, beside that which it will be. It is locked, so that one
// whose process was killed is known by its lock, and removed by the next that is made in that
// folder. Errors name the target as the user gave it, and the system's reason.
class Temporary {
 public:
  enum class Kind { kFile, kFolder };

  // Creates it, empty, under a name that nothing had.
  //   target  what it will be; no link
  //   given   the target, for messages
  Temporary(Kind kind, std::filesystem::path target, std::string given);
  ~Temporary();  // removes it, unless it was given its name
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_.get(); }  // of a file, to write to it

  // Flushes it to the disk, gives it its name, and flushes the folder that it is in. The descriptor
  // is closed. What is in a folder has to be flushed already, as a file is that was committed
  // there.
  void commit();

 private:
  Descriptor create(const std::filesystem::path& candidate) const;

  Kind kind_;
  std::filesystem::path target_, path_;  // the latter empty after commit()
  std::string given_;
  Descriptor descriptor_;
};

}  // namespace picovae::tools

// input_file.hpp for builds with PICOVAE_PNG=OFF: plain files alone.

#include "tools/data/input_file.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "tools/base/error.hpp"

namespace picovae::tools {

InputFile::InputFile(const std::filesystem::path& path) : path_(path.string()) {
  if (path.extension() == ".gz") {
    fail("{}: this picovae is built without zlib; unpack the file with gunzip", path_);
  }
  stream_.reset(std::fopen(path.c_str(), "rb"));
  if (!stream_) {
    fail("{}: cannot be opened: {}", path_, std::generic_category().message(errno));
  }
}

std::size_t InputFile::read(std::uint8_t* out, std::size_t size) {
  const auto file = static_cast<std::FILE*>(stream_.get());
  const std::size_t done = std::fread(out, 1, size, file);
  offset_ += done;
  if (std::ferror(file) != 0) {
    fail("{}: cannot be read at byte {}: {}", path_, offset_,
         std::generic_category().message(errno));
  }
  return done;
}

void InputFile::Close::operator()(void* stream) const {
  std::fclose(static_cast<std::FILE*>(stream));
}

}  // namespace picovae::tools

#include "tools/data/input_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "tools/error.hpp"

namespace picovae::tools {
namespace {

gzFile gzip(void* stream) { return static_cast<gzFile>(stream); }

[[noreturn]] void fail_from_zlib(void* stream, const std::string& path, std::size_t offset) {
  int status = Z_OK;
  std::string text = gzerror(gzip(stream), &status);
  if (status == Z_ERRNO) text = std::generic_category().message(errno);
  // zlib puts the path in front of its messages; ours is there already.
  if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
  fail("{}: cannot be read at byte {}: {}; fetch the file again", path, offset, text);
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("{}: is a folder; give a file", path_);
  stream_.reset(gzopen(path.c_str(), "rb"));
  if (!stream_) {
    fail("{}: cannot be opened: {}", path_, std::generic_category().message(errno));
  }
  constexpr unsigned kBuffer = 1U << 17;  // zlib's own 8 KiB makes many small reads
  gzbuffer(gzip(stream_.get()), kBuffer);
}

std::size_t InputFile::read(std::uint8_t* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    const auto want = static_cast<unsigned>(std::min(size - done, kStep));
    const int count = gzread(gzip(stream_.get()), out + done, want);
    if (count < 0) fail_from_zlib(stream_.get(), path_, offset_ + done);
    done += static_cast<std::size_t>(count);
    if (static_cast<unsigned>(count) < want) break;
  }
  offset_ += done;
  if (done < size) {
    int status = Z_OK;  // a compressed file cut short reports itself only here
    gzerror(gzip(stream_.get()), &status);
    if (status != Z_OK && status != Z_STREAM_END) fail_from_zlib(stream_.get(), path_, offset_);
  }
  return done;
}

void InputFile::Close::operator()(void* stream) const { gzclose_r(gzip(stream)); }

}  // namespace picovae::tools

#include "tools/data/input_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// A file's bytes, decompressed if it begins as gzip does. This calls inflate, because zlib's gzread
// silently ignores what follows the compressed data.
class Stream {
 public:
  explicit Stream(const std::string& path) : path_(path) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("{}: cannot be opened: {}", path_, reason(errno));
    zlib_.next_in = buffer_.data();
  }
  ~Stream() {
    ::close(descriptor_);
    if (compressed_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::size_t read(std::uint8_t* out, std::size_t size) {
    if (!started_) start();
    std::size_t done = 0;
    while (done < size) {
      const std::size_t count =
          compressed_ ? inflate_some(out + done, size - done) : copy_some(out + done, size - done);
      if (count == 0) break;
      done += count;
    }
    return done;
  }

 private:
  void start() {
    started_ = true;
    fill();
    constexpr std::array<std::uint8_t, 2> kGzip = {0x1f, 0x8b};
    if (zlib_.avail_in < kGzip.size() ||
        std::memcmp(buffer_.data(), kGzip.data(), kGzip.size()) != 0) {
      return;
    }
    constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with gzip's header and CRC
    if (inflateInit2(&zlib_, kGzipWindow) != Z_OK) fail("{}: no memory to unpack it", path_);
    compressed_ = true;
  }

  // Fills the empty buffer with the next bytes of the file.
  void fill() {
    zlib_.next_in = buffer_.data();
    while (!file_ended_ && zlib_.avail_in < buffer_.size()) {
      const ssize_t count =
          ::read(descriptor_, buffer_.data() + zlib_.avail_in, buffer_.size() - zlib_.avail_in);
      if (count < 0) {
        if (errno == EINTR) continue;
        fail("{}: cannot be read at byte {}: {}", path_, position_, reason(errno));
      }
      file_ended_ = count == 0;
      position_ += static_cast<std::size_t>(count);
      zlib_.avail_in += static_cast<unsigned>(count);
    }
  }

  std::size_t copy_some(std::uint8_t* out, std::size_t size) {
    if (zlib_.avail_in == 0) fill();
    const std::size_t count = std::min<std::size_t>(size, zlib_.avail_in);
    std::copy_n(zlib_.next_in, count, out);
    zlib_.next_in += count;
    zlib_.avail_in -= static_cast<unsigned>(count);
    return count;
  }

  // Returns 0 at the end of the file, which must come after a whole gzip member.
  std::size_t inflate_some(std::uint8_t* out, std::size_t size) {
    constexpr std::size_t kStep = std::size_t{1} << 20;
    const auto step = static_cast<unsigned>(std::min(size, kStep));
    zlib_.next_out = out;
    zlib_.avail_out = step;
    while (zlib_.avail_out == step) {
      if (zlib_.avail_in == 0) fill();
      const std::size_t here = position_ - zlib_.avail_in;
      if (zlib_.avail_in == 0) {
        if (member_ended_) return 0;
        fail(
            "{}: ends at compressed byte {}, within compressed data: unexpected end of file; fetch "
            "the file again",
            path_, here);
      }
      if (member_ended_) {  // gzip files may follow one another
        inflateReset(&zlib_);
        if (*zlib_.next_in != 0x1f) {
          fail(
              "{}: has bytes after the compressed data, from compressed byte {}; fetch the file "
              "again",
              path_, here);
        }
      }
      const int status = inflate(&zlib_, Z_NO_FLUSH);
      member_ended_ = status == Z_STREAM_END;
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        fail("{}: cannot be unpacked at compressed byte {}: {}; fetch the file again", path_,
             position_ - zlib_.avail_in,
             zlib_.msg != nullptr ? zlib_.msg : "a dictionary or memory is missing");
      }
    }
    return step - zlib_.avail_out;
  }

  std::string path_;
  int descriptor_ = -1;
  std::size_t position_ = 0;  // bytes of the file that were read into the buffer
  bool started_ = false, file_ended_ = false;
  bool compressed_ = false, member_ended_ = false;
  z_stream zlib_{};  // next_in and avail_in are the unread part of the buffer, of plain files too
  std::array<std::uint8_t, 1U << 17> buffer_;
};

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("{}: is a folder; give a file", path_);
  stream_.reset(new Stream(path_));
}

std::size_t InputFile::read(std::uint8_t* out, std::size_t size) {
  const std::size_t done = static_cast<Stream*>(stream_.get())->read(out, size);
  offset_ += done;
  return done;
}

void InputFile::Close::operator()(void* stream) const { delete static_cast<Stream*>(stream); }

}  // namespace picovae::tools

#include "tools/data/npz.hpp"

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "tools/base/error.hpp"
#include "tools/data/growing.hpp"
#include "tools/data/npy.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kEnding = ".npy";

zip_t* zip_of(void* archive) { return static_cast<zip_t*>(archive); }

struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// Checks what the zip says of a member; returns its size.
std::size_t checked_size(const zip_stat_t& member, const std::string& shown) {
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((member.valid & kNeeded) != kNeeded) {
    fail("{}: the zip does not say how large it is or how it is packed; save it again", shown);
  }
  if (member.encryption_method != ZIP_EM_NONE) {
    fail("{}: is encrypted; save it with np.savez", shown);
  }
  if (member.comp_method != ZIP_CM_STORE && member.comp_method != ZIP_CM_DEFLATE) {
    fail("{}: is packed by method {}; np.savez and np.savez_compressed store or deflate", shown,
         member.comp_method);
  }
  if (member.size > kMaxNpyBytes) {
    fail("{}: holds {} bytes; at most {} are read", shown, member.size, kMaxNpyBytes);
  }
  return member.size;
}

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("{}: is a folder; give a file", path_);
  int code = 0;
  archive_.reset(zip_open(path_.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail("{}: cannot be read as .npz, a zip: {}", path_, reason);
  }
}

std::vector<std::string> NpzFile::names() const {
  constexpr std::size_t kLongest = 64;
  const auto is_plain = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  };
  std::vector<std::string> names;
  zip_t* const zip = zip_of(archive_.get());
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* const name = zip_get_name(zip, static_cast<zip_uint64_t>(i), 0);
    std::string_view shown = name == nullptr ? "" : name;
    if (!shown.ends_with(kEnding)) continue;
    shown.remove_suffix(kEnding.size());
    if (shown.size() > kLongest || !is_plain(shown)) continue;
    names.emplace_back(shown);
  }
  return names;
}

std::vector<std::uint8_t> NpzFile::read(const std::string& name) const {
  zip_t* const zip = zip_of(archive_.get());
  const std::string member = name + std::string(kEnding);
  const std::string shown = path_ + ": " + member;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(zip, member.c_str(), 0, &stat) != 0) fail("{}: is not there", shown);
  const std::size_t size = checked_size(stat, shown);
  const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen(zip, member.c_str(), 0));
  if (!file) fail("{}: cannot be unpacked: {}", shown, zip_strerror(zip));

  const auto unpack = [&](std::uint8_t* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      const zip_int64_t found = zip_fread(file.get(), to + done, count - done);
      if (found < 0) {
        fail("{}: cannot be unpacked: {}; fetch or save the file again", shown,
             zip_file_strerror(file.get()));
      }
      if (found == 0) break;
      done += static_cast<std::size_t>(found);
    }
    return done;
  };
  auto bytes = read_growing(size, path_, unpack);
  // This read finds the end, where libzip checks the CRC.
  std::uint8_t beyond = 0;
  const bool too_long = unpack(&beyond, 1) != 0;
  if (too_long || bytes.size() != size) {
    fail("{}: has {} {} bytes that the zip promises; fetch or save the file again", shown,
         too_long ? "more than the" : "fewer than the", size);
  }
  return bytes;
}

void NpzFile::Close::operator()(void* archive) const { zip_discard(zip_of(archive)); }

}  // namespace picovae::tools

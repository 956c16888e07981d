// Files of NumPy for tests of what reads them.
#pragma once

#include <zlib.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace picovae::tests {

// A .npy file of version 1.0 with this header and content.
inline std::string npy_file(std::string_view header, std::string_view content) {
  std::string file = "\x93NUMPY\x01";
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file.append(header).append(content);
}

inline std::string npy_header(std::string_view type, std::string_view shape,
                              std::string_view fortran = "False") {
  return std::string("{'descr': '")
      .append(type)
      .append("', 'fortran_order': ")
      .append(fortran)
      .append(", 'shape': (")
      .append(shape)
      .append("), }\n");
}

// The bytes of values, little-endian as this machine is.
template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A member of a zip; what a hostile one says may differ from what is there.
struct Member {
  std::string name, content;
  std::uint16_t method = 0;          // 0: stored; 8: deflated
  std::uint16_t flags = 0;           // bit 0: encrypted
  std::uint32_t more = 0;            // bytes that it promises and does not have
  std::uint32_t wrong_crc_bits = 0;  // of the CRC
};

inline void put(std::string& bytes, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

inline std::string deflated(const std::string& content) {
  z_stream zlib{};
  deflateInit2(&zlib, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&zlib, content.size()), '\0');
  std::string copy = content;
  zlib.next_in = reinterpret_cast<Bytef*>(copy.data());
  zlib.avail_in = static_cast<unsigned>(copy.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<unsigned>(packed.size());
  deflate(&zlib, Z_FINISH);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

inline std::string zip_file(const std::vector<Member>& members) {
  std::string files, directory;
  for (const Member& member : members) {
    const std::string packed = member.method == 8 ? deflated(member.content) : member.content;
    const auto crc =
        static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(member.content.data()),
                                         static_cast<unsigned>(member.content.size())));
    std::string fields;  // those that both headers have
    put(fields, 20, 2);
    put(fields, member.flags, 2);
    put(fields, member.method, 2);
    put(fields, 0x21 << 16, 4);  // the first day of 1980
    put(fields, crc ^ member.wrong_crc_bits, 4);
    put(fields, static_cast<std::uint32_t>(packed.size()), 4);
    put(fields, static_cast<std::uint32_t>(member.content.size()) + member.more, 4);
    put(fields, static_cast<std::uint32_t>(member.name.size()), 2);
    put(fields, 0, 2);
    const auto at = static_cast<std::uint32_t>(files.size());
    files.append("PK\x03\x04").append(fields).append(member.name).append(packed);
    directory.append("PK\x01\x02");
    put(directory, 20, 2);
    directory.append(fields);
    put(directory, 0, 4);
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, at, 4);
    directory.append(member.name);
  }
  std::string end = "PK\x05\x06";
  put(end, 0, 4);
  put(end, static_cast<std::uint32_t>(members.size()), 2);
  put(end, static_cast<std::uint32_t>(members.size()), 2);
  put(end, static_cast<std::uint32_t>(directory.size()), 4);
  put(end, static_cast<std::uint32_t>(files.size()), 4);
  put(end, 0, 2);
  return files + directory + end;
}

}  // namespace picovae::tests

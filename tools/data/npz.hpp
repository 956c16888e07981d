// .npz files, in which NumPy saves several arrays: a zip of .npy files, stored or deflated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace picovae::tools {

// Errors name the file and, if it is about one, the array.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);

  // Of all arrays, in the order of the file: "x_train" of x_train.npy. Names that do not fit into a
  // message, longer than 64 characters or not of ASCII, are left out.
  std::vector<std::string> names() const;

  // The bytes of the .npy file of that name, checked by the zip's CRC. Fails if they are more than
  // kMaxNpyBytes (npy.hpp), before it unpacks them, and if they are not as many as the zip says.
  std::vector<std::uint8_t> read(const std::string& name) const;

 private:
  struct Close {
    void operator()(void* archive) const;
  };

  std::string path_;
  std::unique_ptr<void, Close> archive_;  // of libzip
};

}  // namespace picovae::tools

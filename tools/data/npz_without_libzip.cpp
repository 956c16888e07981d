// npz.hpp for builds with PICOVAE_NPZ=OFF: no file can be opened.

#include "tools/base/error.hpp"
#include "tools/data/npz.hpp"

namespace picovae::tools {

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()) {
  fail("{}: this picovae is built without libzip; save the arrays as .npy files with np.save",
       path_);
}

std::vector<std::string> NpzFile::names() const { return {}; }
std::vector<std::uint8_t> NpzFile::read(const std::string&) const { return {}; }
void NpzFile::Close::operator()(void*) const {}

}  // namespace picovae::tools

// Data sets in NumPy's arrays: a .npz, a folder of .npy files, or one .npy file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tools/data/source.hpp"

namespace picovae::tools {

// Arrays by name, and the bytes of each as a .npy file.
class ArrayFiles {
 public:
  ArrayFiles() = default;
  virtual ~ArrayFiles() = default;
  ArrayFiles(const ArrayFiles&) = delete;
  ArrayFiles& operator=(const ArrayFiles&) = delete;

  virtual std::vector<std::string> names() const = 0;
  virtual std::vector<std::uint8_t> read(const std::string& name) const = 0;
  virtual std::filesystem::path file_of(const std::string& name) const = 0;
  virtual std::string shown(const std::string& name) const = 0;  // in messages
};

// The names of arrays; empty: there is none.
struct ArrayNames {
  std::string images, labels;
};

class ArraySource : public Source {
 public:
  //   train  the whole set if it has no halves
  ArraySource(std::unique_ptr<ArrayFiles> arrays, ArrayNames train, ArrayNames test,
              bool has_halves);

  std::vector<std::filesystem::path> files() const override;
  bool has_test() const override { return !test_.images.empty(); }
  LabeledImages load(Split split, const WantedImages& wanted) const override;

 private:
  std::unique_ptr<ArrayFiles> arrays_;
  ArrayNames train_, test_;
  bool has_halves_;
};

// The data set at `path`: FILE.npz; a folder of .npy files; or FILE.npy, whose labels may be beside
// it. None if `path` is something else. Its arrays have these names, in upper or lower case; labels
// may be missing:
//   x_train, y_train, x_test, y_test                      as Keras has them
//   train_images, train_labels, test_images, test_labels  as MedMNIST has them
//   images, labels; or x, y                               one set without halves
//   any other, of FILE.npy or the only one of FILE.npz    such a set without labels
// Fails if a .npz has other names.
std::unique_ptr<Source> find_array_source(const std::filesystem::path& path);

}  // namespace picovae::tools

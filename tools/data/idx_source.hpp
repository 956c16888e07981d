// Data sets in IDX files: MNIST, Fashion-MNIST, EMNIST and others under the names of MNIST's files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/data/source.hpp"

namespace picovae::tools {

// What a name has "images" and "idx3" in, and what "labels" and "idx1".
struct IdxKind {
  std::string_view what, idx;
};

struct IdxFiles {
  std::filesystem::path images, labels;  // labels: empty if there are none
};

// A data set in a folder. Its files are named as those of MNIST and Fashion-MNIST,
// train-images-idx3-ubyte and so on (also t10k or test, and a dot before idx3), all of them after
// one prefix, if any: emnist-letters-train-images-idx3-ubyte. Each is plain or .gz.
class IdxSource : public Source {
 public:
  IdxSource(std::filesystem::path folder, std::string_view prefix);

  // Fails if there are no images.
  IdxFiles find(Split split) const;

  std::vector<std::filesystem::path> files() const override;
  bool has_test() const override;
  LabeledImages load(Split split, const WantedImages& wanted) const override;

 private:
  std::optional<std::filesystem::path> find_file(Split split, const IdxKind& kind) const;

  std::filesystem::path folder_;
  std::string prefix_;  // with its hyphen
};

// One file of images, and the labels beside it if it is named as above.
class IdxFileSource : public Source {
 public:
  explicit IdxFileSource(std::filesystem::path images) : images_(std::move(images)) {}

  std::vector<std::filesystem::path> files() const override;
  bool has_test() const override { return false; }
  LabeledImages load(Split split, const WantedImages& wanted) const override;

 private:
  IdxFiles find() const;

  std::filesystem::path images_;
};

// The data set at `path`: a folder with such files, one in which torchvision or EMNIST's archive
// put them (MNIST/raw, raw, gzip), or folder/prefix. None if there are no such files. Fails if
// there are several data sets, with those to choose from.
std::unique_ptr<Source> find_idx_source(const std::filesystem::path& path);

}  // namespace picovae::tools

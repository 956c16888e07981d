// Data sets in folders of PNG pictures, sub-folders for labels, as torchvision's ImageFolder has
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tools/data/source.hpp"

namespace picovae::tools {

// Pictures of any size and kind, as 8-bit gray over black (base/png.hpp).
//
// Halves: if all sub-folders with pictures are named train or training, and test, testing, val,
// valid or validation, they are the halves; else there are none. With a test half, val is left out.
// Labels: the sub-folders of a half, however deep their pictures are. Those whose names are all
// whole numbers from 0 to 255 keep them; others are numbered in the order of their names, those of
// both halves together. Pictures that are in no sub-folder have no labels.
// Order: by a hash of the name within the half, so that the first and the last have all labels, and
// the order is the same on every machine.
// Size: that which is wanted, by resize_image (box_filter.hpp): rows x cols; or, of a model's
// pixels, the size of the first picture if that fits, else a square. If none is wanted, all
// pictures must have one size. Files that are no .png are left out, with a notice, as is what
// becomes of sizes and transparency.
class PngFolder : public Source {
 public:
  // Finds the pictures. Fails if some are in sub-folders and some are not, or if there are more
  // than 256 labels.
  explicit PngFolder(const std::filesystem::path& folder);

  bool empty() const { return train_.pictures.empty() && test_.pictures.empty(); }
  std::vector<std::filesystem::path> files() const override;
  bool has_test() const override { return !test_.pictures.empty(); }
  LabeledImages load(Split split, const WantedImages& wanted) const override;

  // Of what was left out, for messages.
  bool has_jpeg() const { return train_.has_jpeg || test_.has_jpeg; }

 private:
  struct Picture {
    std::filesystem::path path;
    std::string label;  // the name of its sub-folder; empty: none
  };
  struct Half {
    std::filesystem::path folder;
    std::vector<Picture> pictures{};
    std::size_t skipped = 0;
    std::string first_skipped{};
    bool has_jpeg = false;
  };

  static Half scan(const std::filesystem::path& folder);
  void find_labels();

  Half train_, test_;  // test_: empty if there are no halves
  bool has_halves_ = false;
  std::filesystem::path left_out_;  // val, if there is a test half too
  std::vector<std::string> names_;  // of labels, ascending
  bool numbers_ = false;            // those names are the labels
};

}  // namespace picovae::tools

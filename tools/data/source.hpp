// What every form of a data set gives: IDX files, arrays of NumPy, folders of PNG.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tools/base/names.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {

enum class Split { kTrain, kTest };
inline constexpr std::array<Named<Split>, 2> kSplits = {
    {{"train", Split::kTrain}, {"test", Split::kTest}}};

struct LabeledImages {
  Images images;
  std::vector<std::uint8_t> labels;      // [images.count], any numbers; empty if there are none
  std::vector<std::string> label_names;  // of labels 0, 1, ... if they stand for names
};

// The images that a reader should give, if it can choose; all zero: as they are stored.
struct WantedImages {
  std::size_t rows = 0, cols = 0;  // zero: any
  std::size_t pixels = 0;          // rows * cols of a model's images; zero: any
};

// A data set at some path. Errors name the file.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // All files that load() reads.
  virtual std::vector<std::filesystem::path> files() const = 0;

  // Whether it has test images apart from those to train on.
  virtual bool has_test() const = 0;

  // One half; all images, whichever is asked for, if the form knows no halves. Images that exist in
  // one size only are returned in that size, whatever is wanted. Fails if there are none.
  virtual LabeledImages load(Split split, const WantedImages& wanted) const = 0;
};

}  // namespace picovae::tools

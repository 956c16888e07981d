#include "tools/data/faults.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/data/labeled_images.hpp"
#include "tests/tools/temporary_folder.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

std::string names(const std::vector<Fault>& faults) {
  std::string all;
  for (const Fault& fault : faults) {
    (all += all.empty() ? "" : " ") += fault.name;
    CHECK(contains(fault.text, ": "));  // what to do
    CHECK_FALSE(contains(fault.text, "\n"));
  }
  return all;
}

std::string text_of(const std::vector<Fault>& faults) { return faults.at(0).text; }

// The faults of these images, each pixel changed.
template <typename Change>
std::vector<Fault> faults_after(LabeledImages data, Change change) {
  for (std::uint8_t& pixel : data.images.pixels) pixel = static_cast<std::uint8_t>(change(pixel));
  return faults_of_half(look_at(data));
}

}  // namespace

TEST_CASE("usual images have no fault") {
  const Look look = look_at(framed_images(100));
  CHECK(look.repeated == 0);
  CHECK(names(faults_of_half(look)).empty());
  CHECK(names(faults_of_test(look_at(framed_images(30)), look, 0)).empty());
}

TEST_CASE("pixels of 0 and 1 are dark") {
  const auto data = framed_images(100);
  const auto faults = faults_after(data, [](int p) { return p > 100 ? 1 : 0; });
  CHECK(names(faults).starts_with("dark"));
  CHECK(contains(text_of(faults), "store 0 and 255 in place of 0 and 1"));
  // 0 and 255 are not.
  CHECK_FALSE(contains(names(faults_after(data, [](int p) { return p > 100 ? 255 : 0; })), "dark"));
}

TEST_CASE("pixels of another range are dim") {
  const auto faults = faults_after(framed_images(100), [](int p) { return p / 16; });
  CHECK(names(faults) == "dim");
  CHECK(contains(text_of(faults), "the brightest pixel is 15 of 255: multiply pixels by 17"));
  CHECK(names(faults_after(framed_images(100), [](int p) { return p / 2 + 20; })).empty());
}

TEST_CASE("a bright background is inverted, but not an image that is bright all over") {
  const auto faults = faults_after(framed_images(100), [](int p) { return 255 - p; });
  CHECK(names(faults) == "inverted");
  CHECK(contains(text_of(faults), "255 of 255 at the border"));
  CHECK(contains(text_of(faults), "convert --invert"));
  // Paper need not be white.
  CHECK(names(faults_after(framed_images(100), [](int p) { return 200 - p / 2; })) == "inverted");
  // Bright images whose middle is brighter still: photographs.
  CHECK(names(faults_after(framed_images(100), [](int p) { return 190 + p / 4; })).empty());
  CHECK(names(faults_after(framed_images(100), [](int p) { return 160 - p / 2; })).empty());
}

TEST_CASE("one constant image is a fault") {
  LabeledImages data = framed_images(100);
  std::fill_n(data.images.pixels.begin() + 64 * 41, 64, std::uint8_t{0});
  const auto faults = faults_of_half(look_at(data));
  CHECK(names(faults) == "constant");
  CHECK(text_of(faults) ==
        "1 of 100 images is of one brightness all over, such as number 41 from 0: leave it out");
  CHECK(names(faults_of_pixels(look_at(data))) == "constant");
}

TEST_CASE("more than one image of a hundred that repeats another is a fault") {
  LabeledImages data = framed_images(100);
  const auto repeat = [&](int to) {
    std::copy_n(data.images.pixels.begin(), 64, data.images.pixels.begin() + 64 * to);
  };
  repeat(50);
  CHECK(names(faults_of_half(look_at(data))).empty());
  repeat(60);
  CHECK(names(faults_of_half(look_at(data))) == "repeated");
  CHECK(names(faults_of_pixels(look_at(data))).empty());  // a training does not mind
}

TEST_CASE("more dark pixels than others are a fault") {
  LabeledImages data = framed_images(4);
  const auto darken = [&](std::size_t last) {
    for (std::size_t i = 0; i < data.images.pixels.size(); ++i) {
      if (i % 64 < last) data.images.pixels[i] = 0;
    }
  };
  darken(13);  // and the border: 32 of 64
  CHECK(names(faults_of_half(look_at(data))).empty());
  darken(14);
  CHECK(contains(names(faults_of_half(look_at(data))), "never_lit"));
}

TEST_CASE("images that no model takes, and labels that none keeps, are faults") {
  std::vector<std::uint8_t> pixels(64 * 65);
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  const auto faults = faults_of_half(look_at(images_of(64, 65, pixels)));
  CHECK(names(faults) == "pixels");
  CHECK(contains(text_of(faults), "64 x 65 = 4160 pixels, and a model takes at most 4096"));
  LabeledImages data = framed_images(65);
  data.labels.resize(65);
  std::iota(data.labels.begin(), data.labels.end(), std::uint8_t{0});
  CHECK(names(faults_of_half(look_at(data))) == "labels");
  data.labels[64] = 0;
  CHECK(names(faults_of_half(look_at(data))).empty());
}

TEST_CASE("the test half is held against the training half") {
  LabeledImages train = framed_images(100), test = framed_images(20);
  const auto faults = [&](std::size_t known) {
    return faults_of_test(look_at(test), look_at(train), known);
  };
  CHECK(names(faults(3)) == "known");
  CHECK(contains(text_of(faults(3)), "3 of 20 images are training images as well"));
  test.labels.assign(20, 4);
  CHECK(names(faults(0)).empty());  // of a training half without labels nothing is known
  train.labels.assign(100, 4);
  CHECK(names(faults(0)).empty());
  test.labels[5] = 9;
  CHECK(names(faults(0)) == "unknown_labels");
  CHECK(contains(text_of(faults(0)), "label 9"));
  test.images.cols = 4;
  CHECK(contains(text_of(faults(0)),
                 "8 x 4 pixels, and training images 8 x 8: picovae convert --size 8x8"));
}

TEST_CASE("without a test half a sixth of the training images is held out") {
  CHECK(contains(fault_without_test(look_at(framed_images(60))).text, "--validation 10 "));
  CHECK(contains(fault_without_test(look_at(framed_images(2))).text, "--validation 1 "));
}

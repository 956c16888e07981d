#include "tools/data/look.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/tools/data/labeled_images.hpp"

using namespace picovae::tools;
using picovae::tests::images_of;

TEST_CASE("what is counted of images is what they hold") {
  // Three of 2 x 3. The first pixel is always 0, the last always 255.
  const Look look = look_at(images_of(2, 3,
                                      {0, 10, 20, 30, 40, 255,  //
                                       0, 10, 0, 30, 0, 255,    //
                                       0, 10, 20, 30, 40, 255},
                                      {7, 2, 7}));
  CHECK(look.images == 3);
  CHECK(look.rows == 2);
  CHECK(look.cols == 3);
  CHECK(look.pixels() == 6);
  CHECK(look.labels == std::map<std::uint8_t, std::size_t>{{2, 1}, {7, 2}});
  CHECK(look.values[0] == 5);
  CHECK(look.values[30] == 3);
  CHECK(look.values[31] == 0);
  CHECK(look.least() == 0);
  CHECK(look.greatest() == 255);
  CHECK(look.mean() == doctest::Approx((40 + 30 + 90 + 80 + 765) / 18.0));
  CHECK(look.never_lit == 1);
  CHECK(look.always_lit == 1);
  CHECK(look.repeated == 1);
  CHECK(look.constant == 0);
}

TEST_CASE("a pixel that is lit at times is neither never lit nor always") {
  const Look look = look_at(images_of(1, 3, {0, 255, 7, 255, 255, 7}));
  CHECK(look.never_lit == 0);
  CHECK(look.always_lit == 1);
}

TEST_CASE("the histogram has the shares of pixels in sixteen intervals") {
  const auto shares = look_at(images_of(2, 2, {0, 15, 16, 255})).histogram();
  CHECK(shares[0] == 0.5);
  CHECK(shares[1] == 0.25);
  CHECK(shares[15] == 0.25);
  double sum = 0;
  for (const double share : shares) sum += share;
  CHECK(sum == 1);
}

TEST_CASE("least and greatest are of pixels that there are") {
  const Look look = look_at(images_of(1, 2, {3, 90}));
  CHECK(look.least() == 3);
  CHECK(look.greatest() == 90);
  CHECK(look_at(images_of(1, 2, {0, 0})).greatest() == 0);
  CHECK(look_at(images_of(1, 2, {255, 255})).least() == 255);
}

TEST_CASE("the entropy is that of an image, on average") {
  // Black and white are certain; 51 is one of five.
  CHECK(look_at(images_of(1, 2, {0, 255})).entropy() == 0);
  const double one = -0.2 * std::log(0.2) - 0.8 * std::log(0.8);
  CHECK(look_at(images_of(1, 2, {51, 255, 51, 51})).entropy() == doctest::Approx(1.5 * one));
  CHECK(look_at(images_of(1, 1, {204})).entropy() == doctest::Approx(one));
}

TEST_CASE("constant images are found, black or not") {
  const Look look = look_at(images_of(1, 3, {0, 0, 1, 9, 9, 9, 0, 0, 0, 9, 9, 8}));
  CHECK(look.constant == 2);
  CHECK(look.first_constant == 1);
}

TEST_CASE("an image repeats an earlier one if every pixel is equal") {
  CHECK(look_at(images_of(1, 2, {1, 2, 1, 2, 1, 3, 1, 2})).repeated == 2);
  CHECK(look_at(images_of(1, 2, {1, 2, 2, 1})).repeated == 0);
}

TEST_CASE("images of one set are found in another") {
  const auto train = images_of(1, 2, {1, 2, 3, 4, 5, 6}).images;
  CHECK(count_known(images_of(1, 2, {3, 4, 4, 3, 3, 4, 5, 6}).images, train) == 3);
  CHECK(count_known(images_of(1, 2, {2, 1}).images, train) == 0);
  CHECK(count_known(images_of(1, 3, {1, 2, 3}).images, train) == 0);  // of another size
}

TEST_CASE("border and center are the outermost pixels and the middle half") {
  // Of 8 x 8: 40 around them all, 90 in the four by four of the middle, 7 between.
  std::vector<std::uint8_t> pixels;
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      const bool border = row == 0 || row == 7 || column == 0 || column == 7;
      const bool middle = row >= 2 && row < 6 && column >= 2 && column < 6;
      pixels.push_back(border ? 40 : middle ? 90 : 7);
    }
  }
  const Look look = look_at(images_of(8, 8, pixels));
  CHECK(look.border == 40);
  CHECK(look.center == 90);
  // An image of one row is border and center at once; of several images they are means.
  const Look rows = look_at(images_of(1, 4, {8, 2, 4, 8, 0, 0, 0, 0}));
  CHECK(rows.border == 2.75);
  CHECK(rows.center == 1.5);
}

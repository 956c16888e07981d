#include "tools/view/latent_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tools/temporary_folder.hpp"

using namespace picovae::tools;
using picovae::tests::contains;

TEST_CASE("quantiles are of equal probability") {
  const auto four = normal_quantiles(4);
  REQUIRE(four.size() == 4);
  CHECK(four[3] == doctest::Approx(1.150349));  // 7/8
  CHECK(four[2] == doctest::Approx(0.318639));  // 5/8
  for (std::size_t i = 0; i < 4; ++i) CHECK(four[i] == doctest::Approx(-four[3 - i]));
  CHECK(normal_quantiles(1)[0] == doctest::Approx(0));
}

TEST_CASE("the script holds every pixel upright, and every point under its label") {
  // Two by two images of 2 x 2, numbered from the top left.
  std::vector<std::uint8_t> digits;
  for (std::uint8_t i = 0; i < 16; ++i) digits.push_back(i);
  const std::vector<std::array<double, 2>> points = {{1, 2}, {3, 4}, {5, 6}};
  const std::vector<std::uint8_t> labels = {7, 200, 7};
  const std::string script = map_script({{3, 9}, 2, {2, 2}, digits, points, labels, "test"});
  CHECK(contains(script, "$mosaic << END\n10 11 14 15 \n8 9 12 13 \n2 3 6 7 \n0 1 4 5 \nEND\n"));
  CHECK(contains(script, "$points << END\n1 2 2062260\n3 4 16744206\n5 6 2062260\nEND\n"));
  CHECK(contains(script, "$centers << END\n2.7 4 7\n3.3 4 200\nEND\n"));
  CHECK(contains(script, "'latent 3'"));
  CHECK(contains(script, "'latent 9'"));
  CHECK(contains(script, "title '200'"));
}

TEST_CASE("points without labels are of one color, under no label") {
  const std::vector<std::uint8_t> digit(1);
  const std::vector<std::array<double, 2>> points = {{1, 2}, {3, 4}};
  const std::string script = map_script({{0, 1}, 1, {1, 1}, digit, points, {}, "validation"});
  CHECK(contains(script, "$points << END\n1 2 2062260\n3 4 2062260\nEND\n"));
  CHECK(contains(script, "'codes of the validation set, along"));
  CHECK(contains(script, "'first principal component'"));
  CHECK_FALSE(contains(script, "by label"));
  CHECK_FALSE(contains(script, "$centers"));
}

TEST_CASE("up to 64 labels have colors of their own") {
  for (const std::size_t count : {10u, 26u, 64u}) {
    std::vector<std::array<double, 2>> points(count);
    std::vector<std::uint8_t> labels;
    for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i));
    const std::vector<std::uint8_t> digit(1);
    const std::string script = map_script({{0, 1}, 1, {1, 1}, digit, points, labels, "test"});
    std::vector<std::string> inks;
    for (std::size_t at = 0;
         (at = script.find("pointsize 1.6 linecolor rgb ", at)) != std::string::npos; ++at) {
      const std::size_t start = at + 28;
      inks.push_back(script.substr(start, script.find(' ', start) - start));
    }
    CHECK(inks.size() == count);
    std::sort(inks.begin(), inks.end());
    CHECK(std::unique(inks.begin(), inks.end()) == inks.end());
    for (const auto& ink : inks) CHECK(std::stoul(ink) < 1U << 24);
  }
}

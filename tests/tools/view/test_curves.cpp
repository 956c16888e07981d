// Logs of trainings: read, refused with the line that is wrong, drawn.
#include "tools/view/curves.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/tools/temporary_folder.hpp"
#include "tools/view/gnuplot.hpp"

using namespace picovae::tests;
using namespace picovae::tools;

namespace {

const std::string kHeader =
    "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
    "test_neg_elbo,test_reconstruction,test_kl\n";

Curves falling(std::size_t epochs) {
  Curves curves;
  for (std::size_t i = 1; i <= epochs; ++i) {
    const double e = static_cast<double>(i);
    curves.points.push_back({e, 100 + 90 / e, 80 + 90 / e, 20, 101 + 50 / e, 80 + 50 / e, 21});
  }
  return curves;
}

}  // namespace

TEST_CASE("columns are found by their names") {
  const auto points =
      parse_curves(kHeader + "1,0.5,177,168,9,140,126,14\n2,0.5,130,115,15,122,107,15\n", "log.csv")
          .points;
  REQUIRE(points.size() == 2);
  CHECK(points[0] == CurvePoint{1, 177, 168, 9, 140, 126, 14});
  CHECK(points[1][4] == 122);
  const auto other = parse_curves(
      "test_kl,train_kl,train_neg_elbo,note,test_neg_elbo,epoch,train_reconstruction,"
      "test_reconstruction\r\n6,3,1,-,4,7,2,5\r\n",
      "log.csv");
  REQUIRE(other.points.size() == 1);
  CHECK(other.points[0] == CurvePoint{7, 1, 2, 3, 4, 5, 6});
  CHECK(other.held_out == "test");
}

TEST_CASE("figures of validation images are called so") {
  const std::string row = "1,0.5,177,168,9,140,126,14\n";
  const auto curves = parse_curves(
      "epoch,seconds,train_neg_elbo,train_reconstruction,train_kl,"
      "validation_neg_elbo,validation_reconstruction,validation_kl\n" +
          row,
      "log.csv");
  CHECK(curves.held_out == "validation");
  CHECK(curves.points == parse_curves(kHeader + row, "log.csv").points);
  CHECK(contains(curves_script(curves), "title 'validation 140.00'"));
  CHECK_FALSE(contains(curves_script(curves), "'test"));
  // A name of each kind is neither.
  CHECK(contains(message_of([&] {
                   parse_curves(
                       "epoch,train_neg_elbo,train_reconstruction,train_kl,"
                       "validation_neg_elbo,test_reconstruction,test_kl\n",
                       "log.csv");
                 }),
                 "no column validation_reconstruction"));
}

TEST_CASE("a malformed log is refused with its line") {
  const std::string good = "1,0.5,177,168,9,140,126,14\n";
  const auto refused = [](const std::string& csv, const char* because) {
    const std::string message = message_of([&] { parse_curves(csv, "log.csv"); });
    CAPTURE(message);
    CHECK(is_one_line_about(message, "log.csv"));
    CHECK(contains(message, because));
  };
  refused("", "line 1 names no column epoch");
  refused("epoch,train_neg_elbo\n1,2\n", "line 1 names no column train_reconstruction");
  refused(kHeader, "no epoch");
  refused(kHeader + good + "2,0.5,130,115,15,122,107\n", "line 3 has 7 fields");
  refused(kHeader + good + "2,0.5,130,115,15,122,107,15,1\n", "line 3 has 9 fields");
  refused(kHeader + "1,0.5,177,168,9,140,many,14\n", "line 2: \"many\"");
  refused(kHeader + "1,0.5,177,168,nan,140,126,14\n", "line 2: \"nan\"");
  refused(kHeader + "1,0.5,177,168,1e999,140,126,14\n", "line 2: \"1e999\"");
  refused(kHeader + "1,0.5,177,168,9 ,140,126,14\n", "line 2: \"9 \"");
  refused(kHeader + "1,0.5,177,168,\x1b[31m,140,126,14\n", "line 2: \"?[31m\"");
  refused(kHeader + good + good, "line 3: epoch 1");
  refused(kHeader + good + "\n", "line 3 has 1 field,");
}

TEST_CASE("gnuplot draws a log of any length") {
  for (const std::size_t epochs : {1u, 2u, 6u, 30u, 500u}) {
    CAPTURE(epochs);
    const auto png = run_gnuplot(curves_script(falling(epochs)));
    REQUIRE(png.size() > 10'000);
    CHECK(static_cast<char>(png[1]) == 'P');
    CHECK(static_cast<char>(png[2]) == 'N');
    const auto size_at = [&](std::size_t at) {  // of IHDR, big-endian
      return static_cast<int>(png[at + 2]) << 8 | static_cast<int>(png[at + 3]);
    };
    CHECK(size_at(16) == 1200);
    CHECK(size_at(20) == 800);
  }
}

TEST_CASE("the first sixth of the epochs may leave the picture, and no more") {
  const auto points = falling(30);
  CHECK(contains(curves_script(points), "set yrange [*:115]"));  // 100 + 90 / 6 of train
  CHECK_FALSE(contains(curves_script(falling(3)), "set yrange"));
  CHECK(contains(curves_script(points), "test 102.67"));
}

TEST_CASE("gnuplot's complaint is passed on, as one line") {
  const auto message = message_of([] { run_gnuplot("plot nonsense\n"); });
  CHECK(contains(message, "gnuplot failed"));
  CHECK(contains(message, "nonsense"));
  CHECK_FALSE(contains(message, "\n"));
}

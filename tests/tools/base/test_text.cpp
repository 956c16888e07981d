// Numbers are read alike by every standard library.
#include "tools/base/text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

using namespace picovae::tools;

TEST_CASE("a real number is all of its text") {
  CHECK(parse_number<double>("0.25") == 0.25);
  CHECK(parse_number<double>("-1.5e-3") == -1.5e-3);
  CHECK(parse_number<double>(".5") == 0.5);
  CHECK(parse_number<double>("1e+5") == 1e5);
  CHECK(parse_number<double>("010") == 10);
  CHECK(parse_number<double>("0.1") == 0.1);
  CHECK(parse_number<double>("inf") == HUGE_VAL);
  CHECK(std::isnan(parse_number<double>("nan").value()));
  // Its neighbors in the text are not read.
  CHECK(parse_number<double>(std::string_view("123456").substr(1, 3)) == 234);
  for (const std::string_view text : {"", " 1", "1 ", "\t1", "\n1", "+1", "1,5", "1.5.2", "0x10",
                                      "-0x1p3", "0X1", "one", "1e", "--1", "-", ".", "1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<double>(text));
  }
  CHECK_FALSE(parse_number<double>(std::string_view("1\0", 2)));
}

TEST_CASE("a real number out of range is none, and the smallest is one") {
  CHECK_FALSE(parse_number<double>("1e400"));
  CHECK_FALSE(parse_number<double>("-1e400"));
  CHECK_FALSE(parse_number<double>("1e-400"));
  CHECK(parse_number<double>("5e-324") == std::numeric_limits<double>::denorm_min());
  CHECK(parse_number<double>("1.7976931348623157e308") == std::numeric_limits<double>::max());
}

TEST_CASE("a whole number is all of its text and fits its type") {
  CHECK(parse_number<std::uint64_t>("18446744073709551615") == ~std::uint64_t{0});
  CHECK(parse_number<int>("-7") == -7);
  for (const std::string_view text : {"", " 1", "+1", "1.0", "-1", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<std::uint64_t>(text));
  }
}

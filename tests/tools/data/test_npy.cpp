#include "tools/data/npy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/tools/data/numpy_files.hpp"
#include "tests/tools/temporary_folder.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

using Pixels = std::vector<std::uint8_t>;

NpyArray parse(const std::string& file) {
  return parse_npy(std::as_bytes(std::span(file)), "FILE");
}

Pixels u8_of(const std::string& file) { return {file.begin(), file.end()}; }
Images images_in(const std::string& file) { return images_of(u8_of(file), "FILE"); }
Pixels labels_in(const std::string& file) { return labels_of(u8_of(file), "FILE"); }

std::string error_of(const std::string& file) {
  return message_of([&] { images_in(file); });
}

template <typename T>
std::string array(const char* type, const char* shape, const std::vector<T>& values,
                  const char* fortran = "False") {
  return npy_file(npy_header(type, shape, fortran), bytes_of(values));
}

template <typename T>
std::vector<T> swapped(std::vector<T> values) {
  for (T& value : values) {
    auto* const bytes = reinterpret_cast<unsigned char*>(&value);
    std::reverse(bytes, bytes + sizeof(T));
  }
  return values;
}

}  // namespace

TEST_CASE("shapes of images") {
  Pixels values(24);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * 10);
  struct Case {
    const char* shape;
    std::size_t count, rows, cols;
  };
  for (const Case& c : {Case{"2, 3, 4", 2, 3, 4},
                        {"2, 1, 3, 4", 2, 3, 4},
                        {"2, 3, 4, 1", 2, 3, 4},
                        {"6, 4", 6, 2, 2},
                        {"24, 1, 1, 1", 24, 1, 1},
                        {"24,1", 24, 1, 1}}) {
    CAPTURE(c.shape);
    const Images images = images_in(array("|u1", c.shape, values));
    CHECK(images.count == c.count);
    CHECK(images.rows == c.rows);
    CHECK(images.cols == c.cols);
    CHECK(images.pixels == values);
  }
  for (const char* shape : {"24,", "2, 12", "2, 2, 2, 3", "2, 2, 3, 2", "1, 2, 3, 2, 2", ""}) {
    CAPTURE(shape);
    const auto message = error_of(array("|u1", shape, Pixels(shape[0] == 0 ? 1 : 24)));
    CHECK(is_one_line_about(message, "FILE"));
    CHECK(contains(message, "has the shape ("));
  }
  CHECK(contains(error_of(array("|u1", "0, 3, 3", Pixels{})), "holds no images"));
  CHECK(contains(error_of(array("|u1", "3, 0, 3", Pixels{})), "0 x 3 pixels"));
  CHECK(contains(error_of(array("|u1", "1, 1, 4097", Pixels(4097))), "1 x 4097 pixels"));
}

TEST_CASE("the first index may change fastest") {
  // Images 0 1 2 / 3 4 5 and 6 7 8 / 9 10 11.
  const Pixels values{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11};
  CHECK(images_in(array("|u1", "2, 2, 3", values, "True")).pixels ==
        Pixels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
}

TEST_CASE("types of images") {
  const Pixels expected{0, 1, 128, 255};
  const auto check = [&]<typename T>(const char* little, const char* big, T) {
    const std::vector<T> values{T(0), T(1), T(128), T(255)};
    CAPTURE(little);
    CHECK(images_in(array(little, "1, 4", values)).pixels == expected);
    CHECK(images_in(array(big, "1, 4", swapped(values))).pixels == expected);
  };
  check("|u1", ">u1", std::uint8_t{});
  check("<u2", ">u2", std::uint16_t{});
  check("<u4", ">u4", std::uint32_t{});
  check("<u8", ">u8", std::uint64_t{});
  check("<i2", ">i2", std::int16_t{});
  check("<i4", ">i4", std::int32_t{});
  check("<i8", ">i8", std::int64_t{});
  check("<f4", ">f4", float{});
  check("<f8", ">f8", double{});
  CHECK(images_in(array("|i1", "1, 4", std::vector<std::int8_t>{0, 1, 2, 127})).pixels ==
        Pixels{0, 1, 2, 127});
}

TEST_CASE("shares of white, bits, and gray as fractions") {
  CHECK(images_in(array("<f4", "1, 4", std::vector<float>{0, 0.5F, 0.25F, 1})).pixels ==
        Pixels{0, 128, 64, 255});
  CHECK(images_in(array("<f8", "1, 4", std::vector<double>{0, 127.4, 127.5, 1.5})).pixels ==
        Pixels{0, 127, 128, 2});
  for (const char* type : {"|b1", "|u1"}) {
    CHECK(images_in(array(type, "1, 4", Pixels{0, 1, 1, 0})).pixels == Pixels{0, 255, 255, 0});
  }
  CHECK(images_in(array("|u1", "1, 4", Pixels(4))).pixels == Pixels(4));
}

TEST_CASE("values that are no gray are refused") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const auto message_for = [](float value) {
    return error_of(array("<f4", "1, 4", std::vector<float>{0, 1, value, 0}));
  };
  CHECK(contains(message_for(kNan), "no numbers"));
  CHECK(contains(message_for(kInfinite), "from 0 to inf"));
  CHECK(contains(message_for(-0.5F), "from -0.5 to 1; images are 0 to 255"));
  CHECK(contains(message_for(255.01F), "from 0 to 255.01"));
  CHECK(is_one_line_about(message_for(256), "FILE"));
  CHECK(contains(error_of(array("<i4", "1, 1", std::vector<std::int32_t>{-1})), "from -1 to -1"));
  CHECK(contains(error_of(array("<u8", "1, 1", std::vector<std::uint64_t>{~0ULL})), "1.84467e+19"));
}

TEST_CASE("labels are whole numbers of any type") {
  CHECK(labels_in(array("<i8", "3,", std::vector<std::int64_t>{0, 9, 255})) == Pixels{0, 9, 255});
  CHECK(labels_in(array("<f4", "3, 1", std::vector<float>{0, 9, 255})) == Pixels{0, 9, 255});
  CHECK(labels_in(array("|b1", "2,", Pixels{0, 1})) == Pixels{0, 1});
  const auto message_for = [](const std::string& file) {
    const auto message = message_of([&] { labels_in(file); });
    CHECK(is_one_line_about(message, "FILE"));
    return message;
  };
  CHECK(contains(message_for(array("<i8", "2,", std::vector<std::int64_t>{0, 256})),
                 "label 1 is 256"));
  CHECK(contains(message_for(array("<i8", "1,", std::vector<std::int64_t>{-1})), "label 0 is -1"));
  CHECK(contains(message_for(array("<f4", "1,", std::vector<float>{0.5F})), "label 0 is 0.5"));
  CHECK(contains(
      message_for(array("<f4", "1,", std::vector<float>{std::numeric_limits<float>::quiet_NaN()})),
      "label 0 is nan"));
  CHECK(contains(message_for(array("|u1", "2, 2", Pixels(4))), "has the shape (2, 2)"));
  CHECK(contains(message_for(array("|u1", "0,", Pixels{})), "holds no labels"));
}

TEST_CASE("headers of all versions, with any spaces and in any order") {
  CHECK(parse(npy_file("{'shape':(3,),'fortran_order':True,'descr':'<u2'}", "abcdef")).shape ==
        std::vector<std::size_t>{3});
  CHECK(parse(npy_file("{ 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 3 , 1 ) }   \n",
                       "abc"))
            .shape == std::vector<std::size_t>{3, 1});
  const std::string header = npy_header("|u1", "3,");
  for (const char version : {'\2', '\3'}) {
    std::string file = "\x93NUMPY";
    file += version;
    file += std::string("\0", 1);
    put(file, static_cast<std::uint32_t>(header.size()), 4);
    const NpyArray array = parse(file + header + "abc");
    CHECK(array.data.size() == 3);
    CHECK(array.kind == 'u');
  }
}

TEST_CASE("files that NumPy does not write are refused") {
  const auto refused = [](const std::string& file, const char* says) {
    const auto message = message_of([&] { parse(file); });
    CAPTURE(message);
    CHECK(is_one_line_about(message, "FILE"));
    CHECK(contains(message, says));
  };
  const std::string good = npy_file(npy_header("|u1", "3,"), "abc");
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK(is_one_line_about(message_of([&] { parse(good.substr(0, size)); }), "FILE"));
  }
  refused(good + "d", "has 4 bytes of values, but its header promises 3");
  for (const char* header :
       {"", "{}", "{'descr': '|u1', 'fortran_order': False}", "{'descr': '|u1', 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr: '|u1', 'fortran_order': False, 'shape': (3,)}", "{'descr': 7}", "{'descr': '"}) {
    CAPTURE(header);
    refused(npy_file(header, "abc"), "not one that NumPy writes");
  }
  std::string many = "1";
  for (int i = 0; i < 40; ++i) many += ", 1";
  refused(npy_file(npy_header("|u1", many), "a"), "not one that NumPy writes");
  for (const char* type : {"|O", "<f2", "<c8", "<U5", "|S1", "<u3", "u1", "=u1", "<1 ", "", "<f"}) {
    refused(npy_file(npy_header(type, "3,"), "abc"), "holds values of type");
  }
  refused(npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", ""),
          "records of several fields");
  // Sizes that do not fit into 64 bits, and the largest that is not read.
  refused(npy_file(npy_header("<f8", "4294967296, 4294967296, 4294967296"), "abc"), "at most");
  refused(npy_file(npy_header("|u1", "1073741825,"), "abc"), "at most 1073741824 bytes");
  refused(npy_file(npy_header("|u1", "1073741824,"), "abc"), "promises 1073741824");
  CHECK(parse(npy_file(npy_header("<f8", "18446744073709551615, 0"), "")).data.empty());
  refused("\x93NUMPY\x04" + std::string(5, '\0'), "version 4.0");
}

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "tests/tools/flipped_bits.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/base/file.hpp"
#include "tools/format/safetensors.hpp"

namespace {

using namespace picovae::tools;
using namespace picovae::tests;

using Bytes = std::vector<std::byte>;

SafetensorsFile example() {
  return {{{"b", {2, 3}, {1, -2, 3.5F, 0, -0.0F, 1e-40F}},
           {"a", {2}, {std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}},
           {"none", {0, 7}, {}},
           {"scalar", {}, {42}}},
          {{"epochs", "30"}, {"note", "\"ünï\"\n"}}};
}

// A file made by hand: header text, then `values` bytes of zeros.
Bytes file_of(const std::string& header, std::size_t values) {
  Bytes bytes(8 + header.size() + values);
  for (std::size_t k = 0; k < 8; ++k) {
    bytes[k] = static_cast<std::byte>(std::uint64_t{header.size()} >> (8 * k) & 0xff);
  }
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string error_of(const Bytes& bytes) {
  return message_of([&] { parse_safetensors(bytes, "FILE"); });
}

// An entry of the header; good for a shape of [2] unless changed.
std::string entry(const std::string& name, const std::string& shape, const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets +
         "}";
}

}  // namespace

TEST_CASE("tensors survive a round trip bit by bit, in order") {
  const auto bytes = encode_safetensors(example(), "FILE");
  const auto back = parse_safetensors(bytes, "FILE");
  CHECK(back == example());
  CHECK(std::signbit(back.tensors[0].data[4]));
  CHECK(encode_safetensors(back, "FILE") == bytes);
  CHECK(bytes[8] == std::byte{'{'});
  const auto header = static_cast<std::size_t>(bytes[0]) + 256 * static_cast<std::size_t>(bytes[1]);
  CHECK(header % 8 == 0);
  CHECK(bytes.size() == 8 + header + 4 * 9);
}

TEST_CASE("the bytes of a file are those of the format") {
  const SafetensorsFile file{{{"t", {1}, {1.0F}}}, {{"k", "v"}}};
  std::string wanted =
      R"({"__metadata__":{"k":"v"},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  wanted.resize((wanted.size() + 7) / 8 * 8, ' ');
  auto bytes = file_of(wanted, 4);
  bytes[bytes.size() - 2] = std::byte{0x80};  // 1.0F is 0x3f800000
  bytes[bytes.size() - 1] = std::byte{0x3f};
  CHECK(encode_safetensors(file, "FILE") == bytes);
}

TEST_CASE("files on disk") {
  const TemporaryFolder folder;
  const auto path = folder / "a.safetensors";
  write_safetensors(path, example());
  CHECK(read_safetensors(path) == example());
  const auto message = message_of([&] { read_safetensors(folder / "b"); });
  CHECK(is_one_line_about(message, folder / "b"));
  CHECK(contains(message_of([] { write_safetensors("/dev/full", example()); }), "No space left"));
}

TEST_CASE("a file cut anywhere or with bytes too many is refused") {
  const auto whole = encode_safetensors(example(), "FILE");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(is_one_line_about(error_of(Bytes(whole.begin(), whole.begin() + long(size))), "FILE"));
  }
  auto longer = whole;
  longer.push_back(std::byte{0});
  CHECK(contains(error_of(longer), "1 bytes follow the last tensor"));
}

TEST_CASE("no flipped bit does more than an error or other values") {
  check_flipped_bits(encode_safetensors(example(), "FILE"), error_of);
}

TEST_CASE("header lengths") {
  auto bytes = file_of("{}", 0);
  CHECK(error_of(bytes).empty());
  bytes[7] = std::byte{0xff};
  CHECK(contains(error_of(bytes), "at most 1048576"));
  bytes = file_of("{}" + std::string((1 << 20) - 2, ' '), 0);
  CHECK(error_of(bytes).empty());
  bytes = file_of("{}" + std::string((1 << 20) - 1, ' '), 0);
  CHECK(contains(error_of(bytes), "at most 1048576"));
  bytes = file_of("{}", 0);
  bytes[0] = std::byte{3};
  CHECK(contains(error_of(bytes), "only 2 follow"));
}

TEST_CASE("headers that are not the one JSON object are refused") {
  for (const std::string& header :
       {std::string(""), std::string(" {}"), std::string("[]"), std::string("{}\n"),
        std::string("null"), std::string("{} {}"), std::string("{}\0{}", 5), std::string("{\"a\"}"),
        std::string("{\"\xff\":1}"), std::string("{,}"), std::string("        ")}) {
    CAPTURE(header);
    CHECK(is_one_line_about(error_of(file_of(header, 0)), "FILE"));
  }
  const std::string deep(100'000, '[');
  CHECK(contains(error_of(file_of("{\"a\":" + deep + "}", 0)), "has an array for tensor \"a\""));
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += "{\"a\":";
  CHECK(contains(error_of(file_of(objects + "}", 0)), "tensor \"a\" has the unknown key \"a\""));
}

TEST_CASE("a header of 1 MB is read or refused in time that grows with its length") {
  const auto repeated = [](const std::string& begin, const auto& part, const std::string& end) {
    std::string text = begin;
    for (int i = 0;; ++i) {
      const std::string next = part(i);
      if (text.size() + next.size() + 1 + end.size() > 1U << 20) return text + end;
      text += (i > 0 ? "," : "") + next;
    }
  };
  const auto empty_objects = [](int) { return std::string("{}"); };
  const auto zeros = [](int) { return std::string("0"); };
  const auto pairs = [](int i) { return fmt::format("\"{}\":\"\"", i); };
  const auto tensors = [](int i) { return entry(std::to_string(i), "[0]", "[0,0]"); };
  const auto escapes = [](int) { return std::string("\\u00fc"); };
  struct Case {
    std::string header, message;
  };
  const std::vector<Case> cases{
      {repeated("{\"a\":[", empty_objects, "]}"), "has an array for tensor"},
      {repeated("{\"a\":{\"shape\":[", empty_objects, "]}}"), "has an object in its shape"},
      {repeated("{\"a\":{\"shape\":[", zeros, "]}}"), "more than 64 values as its shape"},
      {repeated("{\"__metadata__\":{", pairs, "}}"), "more than 4096 names"},
      {repeated("{", tensors, "}"), "more than 4096 names"},
      {"{\"__metadata__\":{\"a\":\"" + std::string(1'000'000, 'x') + "\"}}", ""},
      {repeated("{\"__metadata__\":{\"a\":\"", escapes, "\"}}"), ""},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.header.substr(0, 40));
    const auto bytes = file_of(bad.header, 0);
    const std::clock_t start = std::clock();
    const auto message = error_of(bytes);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    CHECK_MESSAGE(contains(message, bad.message), message);
    CHECK(message.empty() == bad.message.empty());
    INFO(seconds);
    CHECK(seconds < 1);  // some milliseconds; a minute if the time is quadratic
  }
}

TEST_CASE("doubled keys are refused at every level") {
  const auto a = entry("a", "[2]", "[0,8]");
  CHECK(error_of(file_of("{" + a + "}", 8)).empty());
  CHECK(contains(error_of(file_of("{" + a + "," + a + "}", 8)), "the key \"a\" twice"));
  CHECK(contains(error_of(file_of(R"({"__metadata__":{"x":"1","x":"2"}})", 0)), "\"x\" twice"));
  CHECK(contains(error_of(file_of(R"({"__metadata__":{},"__metadata__":{}})", 0)), "twice"));
  CHECK(contains(
      error_of(file_of(R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8)),
      "\"shape\" twice"));
  // The same key in two objects is no doubled key, escapes or not.
  CHECK(contains(error_of(file_of("{" + a + "," + entry("\\u0061", "[2]", "[0,8]") + "}", 8)),
                 "twice"));
}

TEST_CASE("entries of the wrong kind are refused") {
  struct Case {
    const char* header;
    const char* message;
  };
  const std::vector<Case> cases{
      {R"({"a":1})", "has 1 for tensor \"a\"; expected an object"},
      {R"({"a":{}})", "has no dtype"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", "has no shape"},
      {R"({"a":{"dtype":"F32","shape":[2]}})", "has no data_offsets"},
      {R"({"a":{"dtype":"F4","shape":[16],"data_offsets":[0,8]}})", "dtype \"F4\"; expected F32"},
      {R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}})", "is 8 bytes; expected 4"},
      {R"({"a":{"dtype":"I64","shape":[2],"data_offsets":[0,8]}})", "is 8 bytes; expected 16"},
      {R"({"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}})", "dtype 32; expected"},
      {R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})",
       "has 2 as its shape; expected an array"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
       "has -2 in its shape; expected whole numbers from 0"},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", "whole numbers from 0"},
      {R"({"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", "whole numbers from 0"},
      {R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}})", "whole num"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "expected [begin, end]"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", "expected [begin, end]"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "expected [begin, end]"},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "is 8 bytes; expected 12"},
      // 2^62 values of 4 bytes are 2^64 bytes: zero, if the overflow is not noticed.
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", "fewer than"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "fewer"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", "unknown key"},
      {R"({"__metadata__":[]})", "is an array; expected an object of strings"},
      {R"({"__metadata__":{"x":1}})", "expected a string"},
      {R"({"__metadata__":{"x":{}}})", "has an object as the value of \"x\"; expected a string"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":{"0":8}}})",
       "as its data_offsets; expected"},
      {R"({"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}})", "whole numbers from 0"},
      {R"({"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}})", "has true in its shape"},
      {R"({"a":null})", "has null for tensor"},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.header);
    const auto message = error_of(file_of(bad.header, 8));
    CHECK(is_one_line_about(message, "FILE"));
    CHECK_MESSAGE(contains(message, bad.message), message);
  }
}

TEST_CASE("floats of any width are read, and other types named") {
  auto bytes = file_of(R"({"f":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                       R"("n":{"dtype":"I64","shape":[],"data_offsets":[4,12]},)"
                       R"("m":{"dtype":"BOOL","shape":[3],"data_offsets":[12,15]}})",
                       15);
  bytes[bytes.size() - 12] = std::byte{0x3e};  // 1.5 is 0x3e00
  const auto file = parse_safetensors(bytes, "FILE");
  CHECK(file.tensors == std::vector<Tensor>{{"f", {2}, {0, 1.5F}}});
  CHECK(file.others == std::vector<std::string>{"n", "m"});
  bytes[bytes.size() - 12] = std::byte{0x7c};
  CHECK(contains(error_of(bytes), "tensor \"f\" has inf at index 1"));
}

TEST_CASE("tensors must cover the values exactly") {
  const auto a = entry("a", "[2]", "[0,8]");
  CHECK(error_of(file_of("{" + a + "," + entry("b", "[1]", "[8,12]") + "}", 12)).empty());
  CHECK(contains(error_of(file_of("{" + a + "," + entry("b", "[1]", "[4,8]") + "}", 8)),
                 "\"b\" begins at byte 4 of the values, inside another that ends at byte 8"));
  CHECK(contains(error_of(file_of("{" + a + "," + entry("b", "[2]", "[0,8]") + "}", 8)), "inside"));
  CHECK(contains(error_of(file_of("{" + a + "," + entry("b", "[1]", "[12,16]") + "}", 16)),
                 "after a hole that begins at byte 8"));
  CHECK(contains(error_of(file_of("{" + entry("a", "[2]", "[4,12]") + "}", 12)), "after a hole"));
  CHECK(contains(error_of(file_of("{" + a + "}", 7)), "ends at byte 8 of the values"));
  CHECK(contains(error_of(file_of("{" + a + "}", 12)), "4 bytes follow"));
  CHECK(contains(error_of(file_of("{}", 4)), "4 bytes follow"));
}

TEST_CASE("values that are not finite are refused, reading and writing") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    auto bytes = file_of("{" + entry("a", "[2]", "[0,8]") + "}", 8);
    std::memcpy(bytes.data() + bytes.size() - 4, &bad, 4);
    const auto message = error_of(bytes);
    CHECK(contains(message, "tensor \"a\" has"));
    CHECK(contains(message, "at index 1"));
    const SafetensorsFile file{{{"a", {2}, {0, bad}}}, {}};
    CHECK(contains(message_of([&] { encode_safetensors(file, "FILE"); }), "at index 1"));
  }
}

TEST_CASE("files that could not be read back are not written") {
  const TemporaryFolder folder;
  const auto error = [&](const SafetensorsFile& file) {
    const auto message = message_of([&] { write_safetensors(folder / "a", file); });
    CHECK(is_one_line_about(message, folder / "a"));
    CHECK(folder.count() == 0);
    return message;
  };
  CHECK(contains(error({{{"a", {3}, {1, 2}}}, {}}), "shape [3] has 2 values"));
  CHECK(contains(error({{{"a", {1}, {1}}, {"a", {1}, {1}}}, {}}), "two tensors"));
  CHECK(contains(error({{{"__metadata__", {1}, {1}}}, {}}), "__metadata__"));
  CHECK(contains(error({{{"\xff", {1}, {1}}}, {}}), "UTF-8"));
  CHECK(contains(error({{}, {{"a", std::string(1 << 20, 'x')}}}), "at most 1048576"));
}

TEST_CASE("messages stay short for any file") {
  const std::string much(500'000, 'x');
  std::string zeros = "[0";
  for (int i = 0; i < 200'000; ++i) zeros += ",0";
  zeros += "]";
  for (const std::string& header :
       {"{\"" + much, "{\"" + much + "}", "{\"a\":" + much + "}", "{\"" + much + "\":1}",
        "{\"a\":\"" + much + "\"}", "{\"__metadata__\":\"" + much + "\"}",
        "{\"__metadata__\":{\"" + much + "\":1}}",
        "{\"a\":{\"dtype\":\"" + much + "\",\"shape\":[],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"" + much + "\":1}}", "{" + entry("a", zeros, "[0,4]") + "}",
        "{" + entry("a", "[1]", zeros) + "}", "{" + entry("a", "[" + zeros + "]", "[0,4]") + "}",
        "{" + entry("a", "\"" + much + "\"", "[0,4]") + "}",
        "{" + entry(much, "[3]", "[0,4]") + "}", much, "{\"\xff" + much + "\":1}"}) {
    CAPTURE(header.substr(0, 40));
    const auto message = error_of(file_of(header, 4));
    CHECK(is_one_line_about(message, "FILE"));
    CHECK(message.size() < 300);
  }
}

TEST_CASE("names in messages stay on one line") {
  CHECK(quote_name("a\nb\x1b") == R"("a\nb\u001b")");
  CHECK(quote_name(std::string(1000, 'x')).size() < 100);
  CHECK(quote_name("\xff") == "\"\xef\xbf\xbd\"");
}

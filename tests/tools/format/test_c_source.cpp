// The text alone; test_cli_export.py compiles it.
#include "tools/format/c_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;

BlobBytes small_blob(Layout layout, std::uint8_t parts) {
  return pack_s8(tests::random_quantized_network({20, 7, 6, 3}, 1), layout, parts, {0xabc, 0xdef});
}

// The numbers between the braces, as a compiler reads them.
std::vector<std::byte> numbers_of(const std::string& text) {
  const std::size_t start = text.find("{\n") + 2;
  std::istringstream numbers(text.substr(start, text.find('}') - start));
  std::vector<std::byte> bytes;
  for (std::string number; std::getline(numbers >> std::ws, number, ',');) {
    REQUIRE(number.find_first_not_of("0123456789") == std::string::npos);
    REQUIRE(number.size() <= 3);
    REQUIRE(std::stoi(number) < 256);
    bytes.push_back(static_cast<std::byte>(std::stoi(number)));
  }
  return bytes;
}

std::string header_of(const BlobBytes& blob, std::string_view command = "") {
  return c_header({blob.bytes(), "digits", command});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the numbers are the blob's bytes") {
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    const BlobBytes blob = small_blob(layout, kBoth);
    const std::vector<std::byte> bytes(blob.bytes().begin(), blob.bytes().end());
    CHECK(numbers_of(header_of(blob)) == bytes);
    const CModel model{blob.bytes(), "digits", ""};
    const std::string source = c_definition(model, "digits.h");
    CHECK(has(source, "#include \"digits.h\"\n"));
    CHECK(numbers_of(source.substr(source.find("digits["))) == bytes);
    CHECK_FALSE(has(c_declaration(model), "{\n1"));
  }
}

TEST_CASE("the size is asserted, the alignment is the blob's in each standard") {
  const BlobBytes blob = small_blob(Layout::kHost, kDecoderPart);
  const std::string text = header_of(blob);
  const std::string size = "sizeof(digits) == " + std::to_string(blob.bytes().size());
  CHECK(has(text, "[2 * (" + size + ") - 1]"));
  CHECK(has(text, "\n#define DIGITS_ALIGNED alignas(64)\n"));
  CHECK(has(text, "\n#define DIGITS_ALIGNED _Alignas(64)\n"));
  CHECK(has(text, "\n#define DIGITS_ALIGNED __attribute__((aligned(64)))\n"));
  CHECK(has(text, "\nDIGITS_ALIGNED static constexpr\n"));
  CHECK(has(text, "\nDIGITS_ALIGNED static const\n"));
}

TEST_CASE("the comment says what the model is and what made it") {
  const BlobBytes decoder = small_blob(Layout::kCortexM, kDecoderPart);
  const std::string text = header_of(decoder, "picovae export a.pvae --c-array b.h");
  CHECK(has(text, "//   picovae export a.pvae --c-array b.h\n"));
  CHECK(has(text, "20-7-6-3, decoder\n"));
  CHECK(has(text, "s8, layout cortex-m, format 2\n"));
  CHECK(has(text, "signature  00000abc\n"));
  const auto& header = *reinterpret_cast<const BlobHeader*>(decoder.bytes().data());
  char id[9];
  std::snprintf(id, sizeof(id), "%08x", header.model_id);
  CHECK(has(text, std::string("model id   ") + id + "\n"));
  CHECK(has(header_of(small_blob(Layout::kMve, kBoth)), "encoder and decoder\n"));
}

TEST_CASE("a header says what a program would otherwise type") {
  const BlobBytes whole = small_blob(Layout::kCortexM, kBoth);
  const std::string text = c_declaration({whole.bytes(), "my_digits", ""});
  CHECK(has(text, "#define MY_DIGITS_SIZE " + std::to_string(whole.bytes().size()) + "\n"));
  CHECK(has(text, "#define MY_DIGITS_SHAPE 20, 7, 6, 3\n"));
  CHECK(has(text, "#define MY_DIGITS_PIXELS 20\n"));
  CHECK(has(text, "#define MY_DIGITS_LATENT 3\n"));
  CHECK(has(text, "#define MY_DIGITS_ENCODER_ARENA_SIZE 256\n"));
  CHECK(has(text, "#define MY_DIGITS_DECODER_ARENA_SIZE 192\n"));
  CHECK(has(text, "#define MY_DIGITS_ARENA_SIZE 448\n"));
  CHECK(has(text, "#define MY_DIGITS_SIGNATURE 0x00000abcu\n"));
  const BlobBytes decoder = small_blob(Layout::kCortexM, kDecoderPart);
  CHECK_FALSE(has(c_declaration({decoder.bytes(), "d", ""}), "D_ENCODER_ARENA_SIZE"));
  CHECK_FALSE(has(c_declaration({decoder.bytes(), "d", ""}), "D_ARENA_SIZE"));
}

TEST_CASE("names in C") {
  for (const char* good : {"digits", "a", "_x9", "Digits_2"}) {
    CHECK(is_c_name(good));
    CHECK(c_name(good) == good);
  }
  for (const char* bad :
       {"", "9a", "a-b", "a b", "int", "main", "\xc3\xa9", "picovae", "PicoVae"}) {
    CHECK_FALSE(is_c_name(bad));
    CHECK(is_c_name(c_name(bad)));
  }
  CHECK(c_name("mnist-s8.v2") == "mnist_s8_v2");
  CHECK(c_name("8bit") == "model_8bit");
  CHECK(c_name("int") == "model_int");
}

TEST_CASE("no file name leaves the comment") {
  const BlobBytes blob = small_blob(Layout::kHost, kDecoderPart);
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const std::string plain = header_of(blob, "a b");
  for (const char* nasty : {"a\n#error", "a\\", "a?\?/", "a\r#error", "a*/"}) {
    const std::string text = header_of(blob, nasty);
    CHECK(lines(text) == lines(plain));
    const std::string comment = text.substr(0, text.find("#pragma"));
    CHECK_FALSE(has(comment, "\n#error"));
    CHECK_FALSE(has(text, "\r"));
    CHECK_FALSE(has(comment, "\\"));
    CHECK_FALSE(has(text, "?"));
  }
}

TEST_CASE("lines are full, and no longer than an editor likes") {
  std::istringstream text(header_of(small_blob(Layout::kHost, kBoth)));
  std::size_t longest = 0;
  for (std::string line; std::getline(text, line);) longest = std::max(longest, line.size());
  CHECK(longest <= 100);
  CHECK(longest > 95);
}

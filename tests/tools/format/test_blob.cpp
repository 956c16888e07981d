// The text alone; test_cli.py compiles it.
#include "tools/format/blob.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/engine/random_models.hpp"
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

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the numbers are the blob's bytes") {
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    const BlobBytes blob = small_blob(layout, kBoth);
    const std::vector<std::byte> bytes = numbers_of(c_array(blob.bytes(), ""));
    CHECK(std::ranges::equal(bytes, blob.bytes()));
  }
}

TEST_CASE("the size is asserted in both languages, the alignment is the blob's") {
  const BlobBytes blob = small_blob(Layout::kHost, kDecoderPart);
  const std::string text = c_array(blob.bytes(), "");
  const std::string size = "sizeof(picovae_model) == " + std::to_string(blob.bytes().size());
  CHECK(has(text, "\nstatic_assert(" + size));
  CHECK(has(text, "\n_Static_assert(" + size));
  CHECK(has(text, "\nalignas(64) inline constexpr\n"));
  CHECK(has(text, "\n_Alignas(64) static const\n"));
}

TEST_CASE("the comment says what the model is and what made it") {
  const BlobBytes decoder = small_blob(Layout::kCortexM, kDecoderPart);
  const std::string text = c_array(decoder.bytes(), "picovae export a.pvae --c-array b.h");
  CHECK(has(text, "//   picovae export a.pvae --c-array b.h\n"));
  CHECK(has(text, "20-7-6-3, decoder\n"));
  CHECK(has(text, "s8, layout cortex-m, format 1\n"));
  CHECK(has(text, "signature  00000abc\n"));
  const auto& header = *reinterpret_cast<const BlobHeader*>(decoder.bytes().data());
  char id[9];
  std::snprintf(id, sizeof(id), "%08x", header.model_id);
  CHECK(has(text, std::string("model id   ") + id + "\n"));
  CHECK(has(c_array(small_blob(Layout::kMve, kBoth).bytes(), ""), "encoder and decoder\n"));
}

TEST_CASE("no file name leaves the comment") {
  const BlobBytes blob = small_blob(Layout::kHost, kDecoderPart);
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  const std::string plain = c_array(blob.bytes(), "a b");
  for (const char* nasty : {"a\n#error", "a\\", "a?\?/", "a\r#error", "a*/"}) {
    const std::string text = c_array(blob.bytes(), nasty);
    CHECK(lines(text) == lines(plain));
    CHECK_FALSE(has(text, "\n#error"));
    CHECK_FALSE(has(text, "\\"));
    CHECK_FALSE(has(text, "\r"));
    CHECK_FALSE(has(text, "?"));
  }
}

TEST_CASE("lines are full, and no longer than an editor likes") {
  std::istringstream text(c_array(small_blob(Layout::kHost, kBoth).bytes(), ""));
  std::size_t longest = 0;
  for (std::string line; std::getline(text, line);) longest = std::max(longest, line.size());
  CHECK(longest <= 100);
  CHECK(longest > 95);
}

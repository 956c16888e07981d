// Any bytes as a PNG.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tests/fuzz/one_line.hpp"
#include "tools/base/png.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tests::one_line_or_none([&] {
    const auto image = tools::decode_png(std::as_bytes(std::span(data, size)), "FILE");
    if (image.pixels.size() != image.width * image.height) std::abort();
  });
  return 0;
}

// Any bytes as a .npy file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tests/fuzz/one_line.hpp"
#include "tools/data/npy.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  tests::one_line_or_none([&] {
    const auto images = tools::images_of({data, data + size}, "FILE");
    if (images.pixels.size() != images.count * images.rows * images.cols) std::abort();
  });
  tests::one_line_or_none([&] {
    const auto labels = tools::labels_of(bytes, "FILE");
    if (labels.empty()) std::abort();
  });
  return 0;
}

// Any bytes as a PNG. Of those that the fuzzer makes of others, half have CRCs that are right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tests/fuzz/mend_png.hpp"
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

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  const std::size_t changed = LLVMFuzzerMutate(data, size, most);
  if (seed % 2 == 0) tests::mend_png({data, changed});
  return changed;
}

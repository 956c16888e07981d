// Any bytes as an IDX file, plain or gzip.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tools/data/idx.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tests::MemoryFile file(data, size);
  tests::one_line_or_none([&] {
    const auto images = tools::read_idx_images(file.path());
    if (images.pixels.size() != images.count * images.rows * images.cols) std::abort();
  });
  tests::one_line_or_none([&] { tools::read_idx_labels(file.path()); });
  return 0;
}

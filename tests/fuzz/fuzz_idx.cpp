// Any bytes as an IDX file, plain or gzip.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/fuzz/one_line.hpp"
#include "tools/data/idx.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("FILE", MFD_CLOEXEC);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file);
  tests::one_line_or_none([&] {
    const auto images = tools::read_idx_images(path);
    if (images.pixels.size() != images.count * images.rows * images.cols) std::abort();
  });
  tests::one_line_or_none([&] { tools::read_idx_labels(path); });
  ::close(file);
  return 0;
}

// Any bytes as a .npz file.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/memory_file.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tools/data/npz.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tests::MemoryFile memory(data, size);
  tests::one_line_or_none([&] {
    const tools::NpzFile file(memory.path());
    for (const auto& name : file.names()) tests::one_line_or_none([&] { file.read(name); });
  });
  return 0;
}

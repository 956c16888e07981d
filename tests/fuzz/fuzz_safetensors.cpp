// Any bytes as .safetensors: refused with one short line, or read, written and read again alike. As
// a model and as a checkpoint they are at least refused like that.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "tests/fuzz/one_line.hpp"
#include "tools/format/network.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/train/checkpoint.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  tests::one_line_or_none([&] {
    auto file = tools::parse_safetensors(bytes, "FILE");
    file.others.clear();  // which are not written
    const auto again = tools::encode_safetensors(file, "FILE");
    if (tools::parse_safetensors(again, "FILE") != file) std::abort();
  });
  tests::one_line_or_none([&] { tools::parse_network(bytes, "FILE"); });
  tests::one_line_or_none([&] { tools::parse_checkpoint(bytes, "FILE"); });
  return 0;
}

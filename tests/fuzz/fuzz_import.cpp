// Any bytes as a model file of another program: refused with one short line, or a network that is
// written and read.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/one_line.hpp"
#include "tools/format/foreign_model.hpp"
#include "tools/format/import_network.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tests::one_line_or_none([&] {
    auto model = tools::parse_foreign(std::as_bytes(std::span(data, size)), "FILE");
    const auto imported = tools::import_network(std::move(model), {}, {}, "FILE");
    const auto file = tools::to_safetensors(imported.network, "FILE");
    tools::parse_network(tools::encode_safetensors(file, "FILE"), "FILE");
  });
  return 0;
}

// Any bytes as ONNX, of a whole model and of its halves: refused with one short line, or a network
// that is written and read.
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "tests/fuzz/one_line.hpp"
#include "tools/format/foreign_onnx.hpp"
#include "tools/format/import_network.hpp"

using namespace picovae;

namespace {

void import_and_write(tools::ForeignModel model) {
  const auto imported = tools::import_network(std::move(model), {}, {}, "FILE");
  const auto file = tools::to_safetensors(imported.network, "FILE");
  tools::parse_network(tools::encode_safetensors(file, "FILE"), "FILE");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tests::one_line_or_none([&] {
    const auto model = tools::parse_onnx(std::as_bytes(std::span(data, size)), "FILE");
    const tools::NamedOnnx named{model, "FILE"};
    tests::one_line_or_none([&] { import_and_write(tools::foreign_onnx(named)); });
    tests::one_line_or_none([&] { import_and_write(tools::foreign_onnx(named, named)); });
  });
  return 0;
}

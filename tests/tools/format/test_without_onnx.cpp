// Builds with PICOVAE_ONNX=OFF, by the file that stands in for libonnx.
#include <doctest/doctest.h>

#include "tests/engine/random_models.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tools/format/onnx_exact.hpp"
#include "tools/format/onnx_float.hpp"
#include "tools/format/onnx_reader.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;
using namespace picovae::tools;

constexpr Dimensions kSize{15, 7, 5, 3};

}  // namespace

TEST_CASE("without libonnx an export says what to install") {
  for (const auto& message :
       {message_of([] { onnx_encoder(random_network(kSize, 1), {}); }),
        message_of([] { onnx_decoder(random_quantized_network(kSize, 1), {}); })}) {
    CHECK(contains(message, "built without ONNX"));
    CHECK(contains(message, "libonnx-dev"));
  }
}

TEST_CASE("without libonnx an import says the same") {
  const auto message = message_of([] { parse_onnx({}, "FILE"); });
  CHECK(is_one_line_about(message, "FILE"));
  CHECK(contains(message, "libonnx-dev"));
}

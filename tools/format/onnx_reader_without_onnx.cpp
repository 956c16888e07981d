// onnx_reader.hpp for builds without libonnx: no file can be read.

#include "tools/base/error.hpp"
#include "tools/format/onnx_reader.hpp"

namespace picovae::tools {

OnnxModel parse_onnx(std::span<const std::byte>, std::string_view name) {
  fail(
      "{}: this picovae is built without ONNX; install libonnx-dev and libprotobuf-dev "
      "(tools/install_packages.sh build) and build it again",
      name);
}

}  // namespace picovae::tools

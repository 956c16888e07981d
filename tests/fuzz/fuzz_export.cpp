// Any bytes as a .pvae that the tools read, with checksums and model id mended: refused with one
// short line, or exported in every way, each of which can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "picovae/blob.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tools/base/error.hpp"
#include "tools/format/c_source.hpp"
#include "tools/format/onnx_exact.hpp"
#include "tools/format/onnx_float.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/unpack_float.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

BlobView view_of(const tools::BlobBytes& blob) {
  BlobView view;
  must(open_blob(blob.bytes(), view) == Status::kOk, "open");
  must(verify_blob(view) == Status::kOk, "verify");
  return view;
}

// Whoever changes parameters can compute their id; unpack_s8 says what it would be.
void mend_id(tools::BlobBytes& blob) {
  try {
    tools::unpack_s8(view_of(blob), "FILE");
  } catch (const tools::Error& error) {
    constexpr std::string_view kBefore = "have model id ";
    const std::string said = error.what();
    const std::size_t at = said.find(kBefore);
    if (at == said.npos) return;
    auto& header = *reinterpret_cast<BlobHeader*>(blob.bytes().data());
    header.model_id =
        static_cast<std::uint32_t>(std::strtoul(said.c_str() + at + kBefore.size(), nullptr, 16));
    seal(blob.bytes());
  }
}

template <typename Network>
void export_onnx(const Network& network, std::uint8_t parts) {
  if ((parts & kEncoderPart) != 0) tools::onnx_encoder(network, {});
  if ((parts & kDecoderPart) != 0) tools::onnx_decoder(network, {});
}

void export_integers(const BlobView& view) {
  const auto network = tools::unpack_s8(view, "FILE");
  const std::uint8_t parts = view.header->parts;
  for (const Layout layout : {Layout::kHost, Layout::kCortexM, Layout::kMve}) {
    const auto packed = tools::pack_s8(network, layout, parts, {});
    tools::c_header({packed.bytes(), "model", "FILE"});
    const auto again = tools::unpack_s8(view_of(packed), "FILE");
    must(tools::model_id(again, parts) == view.header->model_id, "one model id");
  }
  export_onnx(network, parts);
}

void export_floats(const BlobView& view) {
  const auto network = tools::unpack_float(view);
  export_onnx(network, view.header->parts);
  if (view.header->parts == (kEncoderPart | kDecoderPart)) {
    tools::pack_float(network, view.header->type);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLargest = 1 << 14;
  if (size < sizeof(BlobHeader) || size > kLargest) return 0;
  tools::BlobBytes blob(std::as_bytes(std::span(data, size)));
  seal(blob.bytes());
  one_line_or_none([&] {
    auto checked = tools::parse_blob(blob.bytes(), "FILE");
    if (!tools::starts_as_blob(blob.bytes())) return;
    const bool s8 = checked.header().type == Type::kS8;
    if (s8) mend_id(checked);
    const BlobView view = view_of(checked);
    s8 ? export_integers(view) : export_floats(view);
  });
  return 0;
}

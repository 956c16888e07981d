// There and back: model files, blobs of every type and layout, and ONNX, from any model.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/fuzz/any_floats.hpp"
#include "tests/fuzz/any_model.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tools/format/foreign_onnx.hpp"
#include "tools/format/import_network.hpp"
#include "tools/format/onnx_exact.hpp"
#include "tools/format/onnx_float.hpp"
#include "tools/format/onnx_reader.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/unpack_float.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

constexpr Layout kLayouts[] = {Layout::kHost, Layout::kCortexM, Layout::kMve};

BlobView view_of(const tools::BlobBytes& blob) {
  BlobView view;
  must(open_blob(blob.bytes(), view) == Status::kOk, "open");
  return view;
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}
bool equal(const tools::BlobBytes& a, const tools::BlobBytes& b) {
  return equal(a.bytes(), b.bytes());
}

std::vector<std::byte> file_of(const tools::Network& network) {
  return tools::encode_safetensors(tools::to_safetensors(network, "FILE"), "FILE");
}

// An integer model from layout to layout and back: the same bytes.
void check_integers(Input& input) {
  const tools::QuantizedNetwork network = AnyModel(input).network();
  const auto parts = static_cast<std::uint8_t>(input.between(kEncoderPart, 3));
  const Layout first = input.of(kLayouts), second = input.of(kLayouts);
  const Signatures signatures{input.any<std::uint32_t>(), 2, 3, 4};
  const auto blob = tools::pack_s8(network, first, parts, signatures);
  const auto there =
      tools::pack_s8(tools::unpack_s8(view_of(blob), "FILE"), second, parts, signatures);
  const auto back =
      tools::pack_s8(tools::unpack_s8(view_of(there), "FILE"), first, parts, signatures);
  must(equal(blob, back), "equal blobs of one layout");
  const auto direct = tools::pack_s8(network, second, parts, signatures);
  must(equal(there, direct), "equal blobs of another layout");
  must(view_of(blob).header->model_id == view_of(there).header->model_id, "one model id");
  if (parts != (kEncoderPart | kDecoderPart)) {
    const auto both = tools::pack_s8(network, first, kEncoderPart | kDecoderPart, signatures);
    const auto part =
        tools::pack_s8(tools::unpack_s8(view_of(both), "FILE"), first, parts, signatures);
    must(equal(blob, part), "equal blobs of a half");
  }
}

// A float model as a file, and as a blob of each type.
void check_floats(const tools::Network& network) {
  const std::vector<std::byte> file = file_of(network);
  must(equal(file, file_of(tools::parse_network(file, "FILE"))), "equal model files");
  for (const Type type : {Type::kF32, Type::kF16, Type::kBf16}) {
    one_line_or_none([&] {  // a weight may be too large for the type
      const auto blob = tools::pack_float(network, type);
      const tools::Network unpacked = tools::unpack_float(view_of(blob));
      must(equal(blob, tools::pack_float(unpacked, type)), "equal blobs of",
           tools::type_name(type).data());
      if (type == Type::kF32) must(equal(file, file_of(unpacked)), "the model file of a blob");
    });
  }
}

// Its ONNX comes back as the same file.
void check_onnx(const tools::Network& network) {
  const auto encoder = tools::onnx_encoder(network, {});
  const auto decoder = tools::onnx_decoder(network, {});
  const auto encoder_model = tools::parse_onnx(std::as_bytes(std::span(encoder.bytes)), "ENCODER");
  const auto decoder_model = tools::parse_onnx(std::as_bytes(std::span(decoder.bytes)), "DECODER");
  auto foreign = tools::foreign_onnx({encoder_model, "ENCODER"}, {decoder_model, "DECODER"});
  const auto imported = tools::import_network(std::move(foreign), {}, {}, "FILE");
  must(equal(file_of(network), file_of(imported.network)), "a model file by ONNX");
}

// That of integers is read, and refused as a network of floats.
void check_exact_onnx(Input& input) {
  const tools::QuantizedNetwork network = AnyModel(input).network();
  const auto encoder = tools::onnx_encoder(network, {});
  const auto decoder = tools::onnx_decoder(network, {});
  bool refused = true;
  one_line_or_none([&] {
    const auto a = tools::parse_onnx(std::as_bytes(std::span(encoder.bytes)), "ENCODER");
    const auto b = tools::parse_onnx(std::as_bytes(std::span(decoder.bytes)), "DECODER");
    tools::foreign_onnx({a, "ENCODER"}, {b, "DECODER"});
    refused = false;
  });
  must(refused, "integers are no floats");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const int choice = input.between(0, 15);
  if (choice == 15) {
    check_exact_onnx(input);
  } else if (choice % 2 == 0) {
    check_integers(input);
  } else {
    const tools::Network network = any_floats(input, 40, 20);
    check_floats(network);
    if (choice == 1) check_onnx(network);
  }
  return 0;
}

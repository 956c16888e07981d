// A model file that another program wrote: its dense layers, and what the file says of them. Which
// layer has which place is found by layer_chain.hpp, whatever the format was.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/network.hpp"

namespace picovae::tools {

struct ForeignLayer {
  std::string name;  // of both tensors, without "weight", "kernel", "bias", ...
  DenseWeights dense;
  bool transposed = false;  // the file has the weights as [in, out]
};

// Names of layers, and what each is: a name of kNetworkLayers, or one of the two orders that a
// layer of both heads may have.
using LayerMap = std::map<std::string, std::string>;

inline constexpr std::string_view kMuFirst = "mu+logvar";
inline constexpr std::string_view kLogvarFirst = "logvar+mu";

struct ForeignModel {
  std::vector<ForeignLayer> layers;
  std::vector<std::string> passed_over;  // tensors that no layer has, and that change nothing
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> extras;     // picovae.*, of our own files
  std::string activation;         // of the hidden layers, in lower case; empty if not known
  LayerMap roles;                 // of those layers that the file says them of
  bool sigmoid = false;           // the file says that one follows the last layer
  std::optional<bool> log_sigma;  // whether the second head gives it, if the file says so
};

// Fails on formats that are known and not read, of PyTorch, Keras and NumPy, saying how to convert
// them.
void refuse_other_formats(std::span<const std::byte> bytes, std::string_view name);

// Reads ONNX, or safetensors of floats of any type; `name` is the file's, for messages. Weights
// [out, in] or [in, out] go with the bias [out] of the same name. Square weights are as most others
// of the file are; if there are no others, as their names say: a kernel is [in, out]. The
// activation is the metadata's "activation". Fails on other formats, saying how to convert those
// that it knows, on weights without a bias, and on tensors of what is no dense layer, such as
// normalizations.
ForeignModel parse_foreign(std::span<const std::byte> bytes, std::string_view name);

// The same from two files of ONNX.
ForeignModel parse_foreign(std::span<const std::byte> encoder, std::string_view encoder_name,
                           std::span<const std::byte> decoder, std::string_view decoder_name);

// The same from a file's tensors, which are used up.
ForeignModel foreign_model(SafetensorsFile file, std::string_view name);

// The transpose of a matrix [rows][cols].
std::vector<float> transposed(const std::vector<float>& from, std::size_t rows, std::size_t cols);

// "fc1 784-300, fc2 300-300, ...": names, inputs and outputs, cut if long.
std::string list_layers(std::span<const ForeignLayer> layers);

}  // namespace picovae::tools

// A model file that another program wrote: its dense layers, and what the file says of them. Which
// layer has which place is found by import_network.hpp, whatever the format was.
#pragma once

#include <cstddef>
#include <map>
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

struct ForeignModel {
  std::vector<ForeignLayer> layers;
  std::vector<std::string> passed_over;  // tensors that no layer has, and that change nothing
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> extras;  // picovae.*, of our own files
  std::string activation;      // of the hidden layers, in lower case; empty if not known
};

// Fails on formats that are known and not read, of PyTorch, Keras and NumPy, saying how to convert
// them.
void refuse_other_formats(std::span<const std::byte> bytes, std::string_view name);

// Reads safetensors of floats of any type; `name` is the file's, for messages. Weights [out, in] or
// [in, out] go with the bias [out] of the same name. Square weights are as most others of the file
// are; if there are no others, as their names say: a kernel is [in, out]. The activation is the
// metadata's "activation". Fails on other formats, saying how to convert those that it knows, on
// weights without a bias, and on tensors of what is no dense layer, such as normalizations.
ForeignModel parse_foreign(std::span<const std::byte> bytes, std::string_view name);

// The same from a file's tensors, which are used up.
ForeignModel foreign_model(SafetensorsFile file, std::string_view name);

// "fc1 784-300, fc2 300-300, ...": names, inputs and outputs, cut if long.
std::string list_layers(std::span<const ForeignLayer> layers);

}  // namespace picovae::tools

#include "tools/format/foreign_model.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/foreign_onnx.hpp"
#include "tools/format/layer_names.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kGuide = "tools/format/IMPORT.md";

// Zips of torch.save name this member first.
constexpr std::string_view kTorchMember = "data.pkl";
constexpr std::size_t kFirstMember = 256;  // bytes in which its name is

struct NamedTensor {
  TensorName name;
  Tensor tensor;
};

bool is_bias(const TensorName& name, const Tensor& tensor) {
  const auto& shape = tensor.shape;
  const bool row = shape.size() == 2 && std::min(shape[0], shape[1]) == 1;  // as NumPy's often are
  return name.kind == TensorKind::kBias && (shape.size() == 1 || row);
}

// What computes something between layers, and has values in the file.
bool is_of_normalization(const TensorName& name, const Tensor& tensor) {
  if (tensor.shape.size() != 1) return false;
  if (name.kind == TensorKind::kWeight) return true;
  const std::string lower = lower_case(name.layer);
  constexpr auto kWords = std::to_array<std::string_view>(
      {"running_mean", "running_var", "moving_mean", "moving_variance", "gamma", "beta"});
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.ends_with(word); });
}

// The weights and biases among the tensors; the others are passed over, if nothing is lost so.
class Sorted {
 public:
  Sorted(std::vector<Tensor> tensors, std::string_view name) : name_(name) {
    for (Tensor& tensor : tensors) add(std::move(tensor));
    for (const NamedTensor& bias : biases) {
      const auto is_its = [&](const NamedTensor& weight) {
        return weight.name.layer == bias.name.layer;
      };
      if (std::none_of(weights.begin(), weights.end(), is_its)) {
        fail("{}: the bias {} has no weights; save dense layers alone", name,
             quote_name(bias.tensor.name));
      }
    }
  }

  std::vector<NamedTensor> weights, biases;
  std::vector<Tensor> extras;
  std::vector<std::string> passed_over;

 private:
  void add(Tensor tensor) {
    if (is_extra(tensor.name)) {
      extras.push_back(std::move(tensor));
      return;
    }
    TensorName name = split_tensor_name(tensor.name);
    const auto& shape = tensor.shape;
    if (is_of_normalization(name, tensor)) {
      fail(
          "{}: the tensor {} of shape {} is of a normalization or activation, which picovae does "
          "not have: train without it",
          name_, quote_name(tensor.name), format_shape(shape));
    }
    const bool empty = std::find(shape.begin(), shape.end(), 0U) != shape.end();
    if (empty || shape.size() > 2) {
      fail("{}: the tensor {} of shape {} is of no dense layer: save dense layers alone", name_,
           quote_name(tensor.name), format_shape(shape));
    }
    if (is_bias(name, tensor)) {
      add_to(biases, {std::move(name), std::move(tensor)}, "biases");
    } else if (shape.size() == 2) {
      add_to(weights, {std::move(name), std::move(tensor)}, "weights");
    } else {
      passed_over.push_back(std::move(tensor.name));
    }
  }

  void add_to(std::vector<NamedTensor>& to, NamedTensor tensor, std::string_view what) {
    const auto same = [&](const NamedTensor& other) {
      return other.name.layer == tensor.name.layer;
    };
    if (const auto other = std::find_if(to.begin(), to.end(), same); other != to.end()) {
      fail("{}: {} and {} are {} of one layer by their names; rename one", name_,
           quote_name(other->tensor.name), quote_name(tensor.tensor.name), what);
    }
    to.push_back(std::move(tensor));
  }

  std::string_view name_;
};

bool is_square(const Tensor& weight) { return weight.shape[0] == weight.shape[1]; }

// The bias of each of the weights.
std::vector<const Tensor*> biases_of(const Sorted& sorted, std::string_view name) {
  std::vector<const Tensor*> found;
  for (const auto& [weight_name, weight] : sorted.weights) {
    const Tensor* its = nullptr;
    for (const auto& [bias_name, bias] : sorted.biases) {
      if (bias_name.layer == weight_name.layer) its = &bias;
    }
    if (its == nullptr) {
      fail("{}: the weights {} of shape {} have no bias; save one, of zeros if need be", name,
           quote_name(weight.name), format_shape(weight.shape));
    } else if (its->data.size() != weight.shape[0] && its->data.size() != weight.shape[1]) {
      fail("{}: the weights {} of shape {} and the bias {} of shape {} do not fit together", name,
           quote_name(weight.name), format_shape(weight.shape), quote_name(its->name),
           format_shape(its->shape));
    }
    found.push_back(its);
  }
  return found;
}

std::vector<ForeignLayer> pair_layers(Sorted sorted, std::string_view name) {
  const auto biases = biases_of(sorted, name);
  std::ptrdiff_t upright = 0;  // weights that are surely [out, in], less those that are [in, out]
  for (std::size_t i = 0; i < biases.size(); ++i) {
    const Tensor& weight = sorted.weights[i].tensor;
    if (!is_square(weight)) upright += biases[i]->data.size() == weight.shape[0] ? 1 : -1;
  }
  std::vector<ForeignLayer> layers;
  for (std::size_t i = 0; i < biases.size(); ++i) {
    auto& [names, weight] = sorted.weights[i];
    const std::size_t rows = weight.shape[0];
    const std::size_t cols = weight.shape[1];
    const bool turn = is_square(weight) ? upright < 0 || (upright == 0 && names.is_kernel)
                                        : biases[i]->data.size() == cols;
    DenseWeights dense{turn ? rows : cols, turn ? cols : rows, {}, biases[i]->data};
    dense.weight = turn ? transposed(weight.data, rows, cols) : std::move(weight.data);
    layers.push_back({std::move(names.layer), std::move(dense), turn});
  }
  return layers;
}

void refuse_integer_weights(std::span<const std::string> others, std::string_view name) {
  for (const std::string& other : others) {
    if (split_tensor_name(other).kind != TensorKind::kOther) {
      fail("{}: the tensor {} holds no floats; save the model before it is quantized", name,
           quote_name(other));
    }
  }
}

}  // namespace

std::vector<float> transposed(const std::vector<float>& from, std::size_t rows, std::size_t cols) {
  std::vector<float> to(from.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) to[j * rows + i] = from[i * cols + j];
  }
  return to;
}

void refuse_other_formats(std::span<const std::byte> bytes, std::string_view name) {
  const auto head = bytes.first(std::min(bytes.size(), kFirstMember));
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  const bool zip = text.starts_with("PK\3\4");
  // Before PyTorch 1.6 such a file was a bare pickle: byte 0x80, then the protocol.
  if ((zip && text.find(kTorchMember) != text.npos) || text.starts_with("\x80\2")) {
    fail("{}: is a file of torch.save; load it in Python and save safetensors: {} has how", name,
         kGuide);
  }
  if (zip || text.starts_with("\x89HDF")) {
    fail("{}: is {}; save its weights as safetensors: {} has how", name,
         zip ? "a zip, as .npz and .keras are" : "HDF5, as .h5 is", kGuide);
  }
  if (starts_as_onnx(bytes)) {
    fail("{}: is ONNX; run picovae import {} --out model.safetensors", name, name);
  }
}

ForeignModel foreign_model(SafetensorsFile file, std::string_view name) {
  ForeignModel model;
  Sorted sorted(std::move(file.tensors), name);
  refuse_integer_weights(file.others, name);
  model.extras = std::move(sorted.extras);
  model.passed_over = std::move(sorted.passed_over);
  model.passed_over.insert(model.passed_over.end(), file.others.begin(), file.others.end());
  model.layers = pair_layers(std::move(sorted), name);
  for (const std::string_view key : {std::string_view("activation"), kActivationKey}) {
    const auto found = file.metadata.find(std::string(key));
    if (found != file.metadata.end()) model.activation = lower_case(found->second);
  }
  model.metadata = std::move(file.metadata);
  return model;
}

ForeignModel parse_foreign(std::span<const std::byte> bytes, std::string_view name) {
  if (starts_as_blob(bytes)) {
    fail("{}: is a .pvae, packed already; every command takes it as it is", name);
  }
  if (starts_as_onnx(bytes)) return foreign_onnx({parse_onnx(bytes, name), name});
  refuse_other_formats(bytes, name);
  return foreign_model(parse_safetensors(bytes, name), name);
}

ForeignModel parse_foreign(std::span<const std::byte> encoder, std::string_view encoder_name,
                           std::span<const std::byte> decoder, std::string_view decoder_name) {
  for (const auto& [bytes, name] : {std::pair{encoder, encoder_name}, {decoder, decoder_name}}) {
    if (!starts_as_onnx(bytes)) fail("{}: is no ONNX, which alone may be in two files", name);
  }
  return foreign_onnx({parse_onnx(encoder, encoder_name), encoder_name},
                      {parse_onnx(decoder, decoder_name), decoder_name});
}

std::string list_layers(std::span<const ForeignLayer> layers) {
  constexpr std::size_t kLongest = 240;
  std::string text;
  for (const ForeignLayer& layer : layers) {
    const std::string next = fmt::format("{}{} {}-{}", text.empty() ? "" : ", ",
                                         quote_name(layer.name), layer.dense.in, layer.dense.out);
    if (text.size() + next.size() > kLongest) return text + ", ...";
    text += next;
  }
  return text;
}

}  // namespace picovae::tools

// oneDNN: weights reordered once into the layout that it wants, activations as post-ops, primitives
// and their arguments made once.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <dnnl.hpp>

#include "peer.hpp"

namespace picovae::bench {
namespace {

using dnnl::memory;
using DataType = memory::data_type;
using Tag = memory::format_tag;
using Dim = memory::dim;

enum class Primitive { kInnerProduct, kMatmul };

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}
dnnl::stream& stream() {
  static dnnl::stream only(engine());
  return only;
}

memory make_rows(std::size_t rows, std::size_t width, DataType type) {
  return memory({{static_cast<Dim>(rows), static_cast<Dim>(width)}, type, Tag::ab}, engine());
}

template <typename T>
T* data_of(const memory& m) {
  return static_cast<T*>(m.get_data_handle());
}

std::size_t elements(const memory& m) {
  const auto dims = m.get_desc().dims();
  return static_cast<std::size_t>(dims[0] * dims[1]);
}

// How the integers of a tensor represent real numbers: real = step * (q - zero).
struct Scale {
  float step = 1;
  float zero = 0;
};

// A layer that is ready to run. The C interface takes the arguments as they are; the C++ one would
// copy them in each call.
struct ReadyLayer {
  dnnl::primitive primitive;
  std::vector<memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;

  void run() const {
    dnnl_primitive_execute(primitive.get(), stream().get(), static_cast<int>(arguments.size()),
                           arguments.data());
  }
};

// A layer in numbers: weights [out][in] and what turns its sums into outputs.
struct LayerNumbers {
  std::size_t in, out;
  DataType type;
  std::vector<float> weight, bias;  // s8 weights are integers here too
  std::vector<float> scales;        // of the sums, for each output; empty for 1
};

// s8 weights with a scale for each output. Without VNNI u8 times s8 is summed in pairs in 16 bits,
// so weights then have 7 bits, as the documentation advises.
LayerNumbers quantize(const tools::DenseWeights& layer, Scale input) {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  constexpr auto kVnni = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_vnni);
  constexpr auto kVnni256 = static_cast<unsigned>(dnnl_cpu_isa_avx2_vnni);
  const bool vnni = (isa & kVnni) == kVnni || (isa & kVnni256) == kVnni256;
  const float range = vnni ? 127 : 63;

  LayerNumbers result{layer.in, layer.out, DataType::s8, {}, {}, {}};
  for (std::size_t j = 0; j < layer.out; ++j) {
    const float* row = &layer.weight[j * layer.in];
    float largest = 0;
    for (std::size_t k = 0; k < layer.in; ++k) largest = std::max(largest, std::fabs(row[k]));
    const float step = std::max(largest, 1e-6f) / range;
    float sum = 0;
    for (std::size_t k = 0; k < layer.in; ++k) {
      result.weight.push_back(std::nearbyint(row[k] / step));
      sum += result.weight.back();
    }
    // The bias is added before the scale, and takes the input's zero with it.
    result.scales.push_back(step * input.step);
    result.bias.push_back(layer.bias[j] / result.scales.back() - input.zero * sum);
  }
  return result;
}

memory make_weights(const LayerNumbers& numbers, Tag tag, const memory::desc& wanted) {
  memory plain({wanted.dims(), DataType::f32, tag}, engine());
  std::copy(numbers.weight.begin(), numbers.weight.end(), data_of<float>(plain));
  memory packed(wanted, engine());
  dnnl::reorder(plain, packed).execute(stream(), plain, packed);
  stream().wait();
  return packed;
}

// Throws dnnl::error if oneDNN has no such primitive for this machine.
ReadyLayer make_layer(Primitive kind, const LayerNumbers& numbers, Activation activation,
                      Scale output, const memory& x, const memory& y) {
  dnnl::primitive_attr attributes;
  dnnl::post_ops post;
  if (activation != Activation::kIdentity) {
    const auto algorithm = activation == Activation::kSoftplus ? dnnl::algorithm::eltwise_soft_relu
                                                               : dnnl::algorithm::eltwise_logistic;
    post.append_eltwise(1 / output.step, algorithm, 0.0f, 0.0f);
  }
  attributes.set_post_ops(post);
  if (!numbers.scales.empty()) attributes.set_output_scales(1 << 1, numbers.scales);

  const auto in = static_cast<Dim>(numbers.in), out = static_cast<Dim>(numbers.out);
  ReadyLayer layer;
  memory weights, bias;
  if (kind == Primitive::kInnerProduct) {
    const memory::desc bias_desc({out}, DataType::f32, Tag::a);
    const dnnl::inner_product_forward::primitive_desc made(
        {dnnl::prop_kind::forward_inference, x.get_desc(),
         memory::desc({out, in}, numbers.type, Tag::any), bias_desc, y.get_desc()},
        attributes, engine());
    layer.primitive = dnnl::inner_product_forward(made);
    weights = make_weights(numbers, Tag::ab, made.weights_desc());
    bias = memory(bias_desc, engine());
  } else {
    const memory::desc bias_desc({1, out}, DataType::f32, Tag::ab);
    const dnnl::matmul::primitive_desc made(
        {x.get_desc(), memory::desc({in, out}, numbers.type, Tag::any), bias_desc, y.get_desc()},
        attributes, engine());
    layer.primitive = dnnl::matmul(made);
    weights = make_weights(numbers, Tag::ba, made.weights_desc());
    bias = memory(bias_desc, engine());
  }
  std::copy(numbers.bias.begin(), numbers.bias.end(), data_of<float>(bias));
  layer.memories = {x, weights, bias, y};
  layer.arguments = {{DNNL_ARG_SRC, x.get()},
                     {DNNL_ARG_WEIGHTS, weights.get()},
                     {DNNL_ARG_BIAS, bias.get()},
                     {DNNL_ARG_DST, y.get()}};
  return layer;
}

// Real values -> u8.
void quantize(const float* real, std::size_t count, Scale scale, std::uint8_t* to) {
  const float inverse = 1 / scale.step, half_up = scale.zero + 0.5f;
  for (std::size_t i = 0; i < count; ++i) {
    const float q = std::min(std::max(real[i] * inverse + half_up, 0.0f), 255.0f);
    to[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(q));
  }
}

// Of values none of which is below zero.
float largest(const memory& f32) {
  const float* values = data_of<float>(f32);
  return *std::max_element(values, values + elements(f32));
}

constexpr Activation activation_of(std::size_t layer) {
  return layer == kDecoder2 ? Activation::kSigmoid : layer_activation(layer, Activation::kSoftplus);
}

// Rounds to nearest, ties to even; not for NaN.
void round_to_bf16(const float* real, std::size_t count, std::uint16_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(real[i]);
    to[i] = static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
}

class OneDnn : public Contender {
 public:
  // In f32, or in bf16: inputs, weights and what passes between layers, with biases, mu, logvar and
  // pixels in f32.
  OneDnn(const PeerSetup& setup, Primitive kind, DataType type) : setup_(setup), kind_(kind) {
    make_tensors(type);
    copy_real(setup.images.data(), setup.images.size(), x_, 0);
    copy_real(setup.latents.data(), setup.latents.size(), z_, 0);
    make_layers(type, {});
  }

  // In s8: u8 activations with a scale for each layer, from what `f32` makes of the same inputs.
  OneDnn(const PeerSetup& setup, Primitive kind, OneDnn& f32) : setup_(setup), kind_(kind) {
    std::array<Scale, kLayerCount> outputs;
    outputs.fill({0, 0});
    for (const Task task : {Task::kForward, Task::kDecode}) {  // first the one that runs all layers
      f32.run(task);
      for (const std::size_t i : {kEncoder0, kEncoder1, kDecoder0, kDecoder1}) {
        outputs[i].step = std::max(outputs[i].step, largest(f32.y_[i]) / 255);
      }
    }
    outputs[kEncoderHeads] = {};  // f32
    outputs[kDecoder2] = pixel_scale_ = {1.0f / 255, 0};
    z_scale_ = {f32.largest_latent() / 127, 128};
    make_tensors(DataType::u8);
    quantize(setup.images.data(), setup.images.size(), pixel_scale_, data_of<std::uint8_t>(x_));
    quantize(setup.latents.data(), setup.latents.size(), z_scale_, data_of<std::uint8_t>(z_));
    make_layers(DataType::s8, outputs);
  }

  void run(Task task) override {
    if (task != Task::kDecode) {
      for (std::size_t i = kEncoder0; i <= kEncoderHeads; ++i) layers_[i].run();
    }
    if (task == Task::kForward) {
      take_mu();
      first_after_encoder_.run();
    } else if (task == Task::kDecode) {
      layers_[kDecoder0].run();
    }
    if (task != Task::kEncode) {
      layers_[kDecoder1].run();
      layers_[kDecoder2].run();
    }
    stream().wait();
  }

  std::vector<double> result(Task task) const override {
    const memory& y = y_[task == Task::kEncode ? kEncoderHeads : kDecoder2];
    const std::size_t count = elements(y);
    if (y.get_desc().data_type() == DataType::f32) {
      return {data_of<float>(y), data_of<float>(y) + count};
    }
    std::vector<double> real;
    for (std::size_t i = 0; i < count; ++i) real.push_back(data_of<std::uint8_t>(y)[i] / 255.0);
    return real;
  }

 private:
  void make_tensors(DataType type) {
    const std::size_t batch = setup_.batch;
    x_ = make_rows(batch, setup_.layers[kEncoder0].in, type);
    z_ = make_rows(batch, setup_.layers[kDecoder0].in, type);
    mu_ = make_rows(batch, setup_.layers[kDecoder0].in, type);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const bool real = i == kEncoderHeads || (i == kDecoder2 && type == DataType::bf16);
      y_[i] = make_rows(batch, setup_.layers[i].out, real ? DataType::f32 : type);
    }
  }

  // Into elements of f32 or bf16 from the one at `first` on.
  static void copy_real(const float* real, std::size_t count, const memory& to, std::size_t first) {
    if (to.get_desc().data_type() == DataType::bf16) {
      round_to_bf16(real, count, data_of<std::uint16_t>(to) + first);
    } else {
      std::memcpy(data_of<float>(to) + first, real, count * sizeof(float));
    }
  }

  void make_layers(DataType type, const std::array<Scale, kLayerCount>& outputs) {
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const memory& x = i == kEncoder0 ? x_ : i == kDecoder0 ? z_ : y_[i - 1];
      const Scale input = i == kEncoder0   ? pixel_scale_
                          : i == kDecoder0 ? z_scale_
                                           : outputs[i - 1];
      const tools::DenseWeights& layer = setup_.layers[i];
      const LayerNumbers numbers =
          type == DataType::s8
              ? quantize(layer, input)
              : LayerNumbers{layer.in, layer.out, type, layer.weight, layer.bias, {}};
      layers_[i] = make_layer(kind_, numbers, activation_of(i), outputs[i], x, y_[i]);
      if (i == kDecoder0) {
        first_after_encoder_ = make_layer(kind_, numbers, activation_of(i), outputs[i], mu_, y_[i]);
      }
    }
  }

  // The largest magnitude of the decoder's inputs: the given ones and those encoded last.
  float largest_latent() const {
    float largest = 0;
    for (const float z : setup_.latents) largest = std::max(largest, std::fabs(z));
    const std::size_t latent = setup_.layers[kDecoder0].in;
    for (std::size_t i = 0; i < setup_.batch * latent; ++i) {
      const std::size_t row = i / latent;
      const float mu = data_of<float>(y_[kEncoderHeads])[row * 2 * latent + i % latent];
      largest = std::max(largest, std::fabs(mu));
    }
    return largest;
  }

  // z = mu, in the type that the decoder takes.
  void take_mu() {
    const std::size_t latent = setup_.layers[kDecoder0].in;
    for (std::size_t row = 0; row < setup_.batch; ++row) {
      const float* mu = data_of<float>(y_[kEncoderHeads]) + row * 2 * latent;
      if (mu_.get_desc().data_type() == DataType::u8) {
        quantize(mu, latent, z_scale_, data_of<std::uint8_t>(mu_) + row * latent);
      } else {
        copy_real(mu, latent, mu_, row * latent);
      }
    }
  }

  PeerSetup setup_;
  Primitive kind_;
  Scale pixel_scale_, z_scale_;
  memory x_, z_, mu_, y_[kLayerCount];
  ReadyLayer layers_[kLayerCount], first_after_encoder_;
};

// Null if oneDNN has no such primitive for this machine.
std::unique_ptr<Contender> make_onednn(const PeerSetup& setup, Primitive kind, DataType weights) {
  try {
    if (weights != DataType::s8) return std::make_unique<OneDnn>(setup, kind, weights);
    const auto f32 = std::make_unique<OneDnn>(setup, kind, DataType::f32);
    return std::make_unique<OneDnn>(setup, kind, *f32);
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<Contender> make_onednn_inner_product_f32(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kInnerProduct, DataType::f32);
}
std::unique_ptr<Contender> make_onednn_matmul_f32(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kMatmul, DataType::f32);
}
std::unique_ptr<Contender> make_onednn_inner_product_bf16(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kInnerProduct, DataType::bf16);
}
std::unique_ptr<Contender> make_onednn_matmul_bf16(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kMatmul, DataType::bf16);
}
std::unique_ptr<Contender> make_onednn_inner_product_s8(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kInnerProduct, DataType::s8);
}
std::unique_ptr<Contender> make_onednn_matmul_s8(const PeerSetup& setup) {
  return make_onednn(setup, Primitive::kMatmul, DataType::s8);
}

void limit_onednn(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
      dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
      break;
    case Isa::kAvxVnni:
      dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2_vnni);
      break;
    case Isa::kAvx512:
      dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx512_core);
      break;
    default:
      break;
  }
}

std::string describe_onednn() {
  const auto isa = [] {
    switch (dnnl::get_effective_cpu_isa()) {
      case dnnl::cpu_isa::avx2:
        return " avx2";
      case dnnl::cpu_isa::avx2_vnni:
        return " avx2_vnni";
      case dnnl::cpu_isa::avx512_core:
        return " avx512_core";
      case dnnl::cpu_isa::avx512_core_vnni:
        return " avx512_core_vnni";
      case dnnl::cpu_isa::avx512_core_bf16:
        return " avx512_core_bf16";
      case dnnl::cpu_isa::avx512_core_amx:
        return " avx512_core_amx";
      default:
        return "";
    }
  }();
  const dnnl_version_t& version = *dnnl::version();
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch) + isa;
}

}  // namespace picovae::bench

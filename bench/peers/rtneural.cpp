// RTNeural's dense layers of fixed sizes on xsimd, the faster of its two interfaces; one image
// alone.
#define RTNEURAL_USE_XSIMD 1
#define RTNEURAL_DEFAULT_ALIGNMENT 64
#include <RTNeural/RTNeural.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "activations.hpp"
#include "models.hpp"
#include "peer.hpp"
#include "picovae/shape.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

using Vector = xsimd::simd_type<float>;

// DenseT reads past its weights if its inputs do not fill whole vectors, so these are padded.
constexpr int padded(int size) {
  return static_cast<int>(round_up(static_cast<std::size_t>(size), Vector::size));
}

template <int In, int Out>
using DenseT = RTNeural::DenseT<float, padded(In), padded(Out)>;

template <int Size>
struct alignas(64) Input {
  Vector values[padded(Size) / Vector::size];

  void set(const float* from) {
    float whole[padded(Size)] = {};
    std::copy_n(from, Size, whole);
    std::memcpy(values, whole, sizeof(whole));
  }
};

template <int Pixels, int Hidden1, int Hidden2, int Latent>
class RtNeural : public Contender {
 public:
  explicit RtNeural(const PeerSetup& setup) {
    load(encoder0_, setup.layers[kEncoder0]);
    load(encoder1_, setup.layers[kEncoder1]);
    load(heads_, setup.layers[kEncoderHeads]);
    load(decoder0_, setup.layers[kDecoder0]);
    load(decoder1_, setup.layers[kDecoder1]);
    load(decoder2_, setup.layers[kDecoder2]);
    x_.set(setup.images.data());
    z_.set(setup.latents.data());
  }

  void run(Task task) override {
    if (task != Task::kDecode) {
      run_layer<Softplus>(encoder0_, x_.values);
      run_layer<Softplus>(encoder1_, encoder0_.outs);
      heads_.forward(encoder1_.outs);
    }
    if (task == Task::kDecode) {
      run_layer<Softplus>(decoder0_, z_.values);
    } else if (task == Task::kForward) {
      mu_.set(reinterpret_cast<const float*>(heads_.outs));
      run_layer<Softplus>(decoder0_, mu_.values);
    }
    if (task != Task::kEncode) {
      run_layer<Softplus>(decoder1_, decoder0_.outs);
      run_layer<Sigmoid>(decoder2_, decoder1_.outs);
    }
  }

  std::vector<double> result(Task task) const override {
    return task == Task::kEncode ? values(heads_, 2 * Latent) : values(decoder2_, Pixels);
  }

 private:
  template <typename Layer>
  static void load(Layer& layer, const tools::DenseWeights& from) {
    std::vector<std::vector<float>> weights(Layer::out_size, std::vector<float>(Layer::in_size));
    for (std::size_t j = 0; j < from.out; ++j) {
      std::copy_n(&from.weight[j * from.in], from.in, weights[j].data());
    }
    std::vector<float> bias = from.bias;
    bias.resize(Layer::out_size);
    layer.setWeights(weights);
    layer.setBias(bias.data());
  }

  template <typename Activation, typename Layer, std::size_t Vectors>
  static void run_layer(Layer& layer, const Vector (&x)[Vectors]) {
    layer.forward(x);
    Eigen::Map<Eigen::ArrayXf> y(reinterpret_cast<float*>(layer.outs), Layer::out_size);
    y = Activation::of(y);
  }

  template <typename Layer>
  static std::vector<double> values(const Layer& layer, std::size_t count) {
    const auto* y = reinterpret_cast<const float*>(layer.outs);
    return {y, y + count};
  }

  Input<Pixels> x_;
  Input<Latent> z_, mu_;
  DenseT<Pixels, Hidden1> encoder0_;
  DenseT<Hidden1, Hidden2> encoder1_;
  DenseT<Hidden2, 2 * Latent> heads_;
  DenseT<Latent, Hidden2> decoder0_;
  DenseT<Hidden2, Hidden1> decoder1_;
  DenseT<Hidden1, Pixels> decoder2_;
};

template <const Dimensions& Shape>
std::unique_ptr<Contender> make_if(const PeerSetup& setup) {
  const auto sizes = layer_sizes(Shape);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    if (setup.layers[i].in != sizes[i].in || setup.layers[i].out != sizes[i].out) return nullptr;
  }
  return std::make_unique<RtNeural<Shape.pixels, Shape.hidden1, Shape.hidden2, Shape.latent>>(
      setup);
}

}  // namespace

std::unique_ptr<Contender> make_rtneural(const PeerSetup& setup) {
  if (setup.batch != 1) return nullptr;
  if (auto made = make_if<kDefaultShape>(setup)) return made;
  if (auto made = make_if<kNarrowShape>(setup)) return made;
  return make_if<kWideShape>(setup);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

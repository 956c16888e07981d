#include "tools/train/parameters.hpp"

#include <algorithm>
#include <cmath>

#include "picovae/blob.hpp"
#include "picovae/random.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kPad = kPerLine<float>;

// Where a Network's layer is in the plan: the heads share one layer.
struct Place {
  DenseWeights Network::*dense;
  Layer layer;
  bool second_head;
};
constexpr std::array<Place, 7> kPlaces{{
    {&Network::encoder0, kEncoder0, false},
    {&Network::encoder1, kEncoder1, false},
    {&Network::mu, kEncoderHeads, false},
    {&Network::logvar, kEncoderHeads, true},
    {&Network::decoder0, kDecoder0, false},
    {&Network::decoder1, kDecoder1, false},
    {&Network::decoder2, kDecoder2, false},
}};

Network empty_network(Dimensions d) {
  Network network;
  network.pixels = d.pixels;
  network.hidden1 = d.hidden1;
  network.hidden2 = d.hidden2;
  network.latent = d.latent;
  for (const NetworkLayer& layer : network_layers(network)) {
    DenseWeights& dense = network.*layer.weights;
    dense.in = network.*layer.in;
    dense.out = network.*layer.out;
    dense.weight.resize(dense.in * dense.out);
    dense.bias.resize(dense.out);
  }
  return network;
}

}  // namespace

Plan::Plan(Dimensions d) : dimensions(d), latent_width(round_up(d.latent, kPad)), layers{} {
  const auto sizes = layer_sizes(d);
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    LayerPlan& layer = layers[l];
    layer.in = sizes[l].in;
    layer.out = l == kEncoderHeads ? 2 * latent_width : sizes[l].out;
    layer.width = round_up(layer.out, kPad);
    layer.input_stride = round_up(layer.in + 1, kPad);
    layer.offset = size;
    size += layer.rows() * layer.width;
  }
}

std::size_t Plan::widest() const {
  std::size_t width = 0;
  for (const LayerPlan& layer : layers) width = std::max(width, layer.width);
  return width;
}

std::vector<RowBlock> row_blocks(const Plan& plan) {
  std::vector<RowBlock> blocks;
  for (std::size_t l = 0; l < kLayerCount; ++l) {
    const LayerPlan& layer = plan.layers[l];
    if (!has_layer(plan.dimensions, l)) continue;
    for (std::size_t first = 0; first < layer.rows(); first += kBlockRows) {
      const std::size_t last = std::min(first + kBlockRows, layer.rows());
      blocks.push_back(
          {l, first, last, layer.offset + first * layer.width, (last - first) * layer.width});
    }
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const RowBlock& a, const RowBlock& b) { return a.size > b.size; });
  return blocks;
}

Parameters::Parameters(const Plan& plan, const Network& network)
    : plan_(plan), weights_(plan.size) {
  for (const Place& place : kPlaces) {
    const DenseWeights& dense = network.*place.dense;
    const std::size_t width = plan_.layers[place.layer].width;
    const std::size_t first = place.second_head ? plan_.latent_width : 0;
    for (std::size_t o = 0; o < dense.out; ++o) {
      float* column = layer(place.layer) + first + o;
      for (std::size_t i = 0; i < dense.in; ++i) {
        column[i * width] = dense.weight[o * dense.in + i];
      }
      column[dense.in * width] = dense.bias[o];
    }
  }
}

Network Parameters::network() const {
  Network network = empty_network(plan_.dimensions);
  for (const Place& place : kPlaces) {
    DenseWeights& dense = network.*place.dense;
    const std::size_t width = plan_.layers[place.layer].width;
    const std::size_t first = place.second_head ? plan_.latent_width : 0;
    for (std::size_t o = 0; o < dense.out; ++o) {
      const float* column = layer(place.layer) + first + o;
      for (std::size_t i = 0; i < dense.in; ++i) dense.weight[o * dense.in + i] = column[i * width];
      dense.bias[o] = column[dense.in * width];
    }
  }
  return network;
}

Network initial_network(Dimensions dimensions, std::uint64_t seed, Activation hidden) {
  Network network = empty_network(dimensions);
  network.activation = hidden;
  for (std::size_t l = 0; l < kNetworkLayers.size(); ++l) {
    DenseWeights& dense = network.*kNetworkLayers[l].weights;
    if (dense.out == 0) continue;  // there is no such layer
    const bool relu = is_relu(hidden) && is_hidden_layer(kPlaces[l].layer);
    const std::size_t fans = relu ? dense.in : dense.in + dense.out;
    const double limit = std::sqrt(6.0 / static_cast<double>(fans));
    std::vector<std::uint32_t> words(dense.weight.size());
    uniforms(seed, Purpose::kInitialize, 0, static_cast<std::uint32_t>(l), words.data(),
             words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const double uniform = (words[i] + 0.5) * 0x1p-31 - 1;  // in (-1, 1)
      dense.weight[i] = static_cast<float>(limit * uniform);
    }
  }
  return network;
}

}  // namespace picovae::tools

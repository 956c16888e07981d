#include "tools/format/layers.hpp"

#include <cstdint>
#include <utility>

#include "tools/base/error.hpp"

namespace picovae::tools {

Dimensions dimensions_of(const Network& network) {
  for (const std::size_t width :
       {network.pixels, network.hidden1, network.hidden2, 2 * network.latent}) {
    if (width == 0 || width > kMaxWidth) {
      fail("a layer of the model has {} outputs; the engine takes 1 to {}: train a narrower model",
           width, kMaxWidth);
    }
  }
  const auto narrow = [](std::size_t size) { return static_cast<std::uint16_t>(size); };
  return {narrow(network.pixels), narrow(network.hidden1), narrow(network.hidden2),
          narrow(network.latent)};
}

std::array<DenseWeights, kLayerCount> engine_layers(const Network& network) {
  DenseWeights heads = network.mu;
  const DenseWeights& logvar = network.logvar;
  heads.out += logvar.out;
  heads.weight.insert(heads.weight.end(), logvar.weight.begin(), logvar.weight.end());
  heads.bias.insert(heads.bias.end(), logvar.bias.begin(), logvar.bias.end());
  return {network.encoder0, network.encoder1, std::move(heads),
          network.decoder0, network.decoder1, network.decoder2};
}

}  // namespace picovae::tools

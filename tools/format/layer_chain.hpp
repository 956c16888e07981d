// The chain that the layers of a VAE are: pixels -> hidden layers -> latent (two heads, or one of
// twice as many outputs), and back the same way. Shapes say which layers can have which place;
// where they leave a choice, names say what is likely.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/foreign_model.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

inline constexpr std::size_t kMostDepth = 2;  // hidden layers each way that a Network has at most

// Places of a chain: hidden layers of the encoder, heads (one of both, or mu and logvar), hidden
// layers of the decoder, pixels.
struct ChainForm {
  std::size_t depth, heads;

  bool is_head(std::size_t place) const { return place >= depth && place < depth + heads; }
};

// The form that so many layers have; a depth of 0 if none. It may be deeper than a Network.
ChainForm chain_form(std::size_t layers);

// "784-300-300-50" if the layers are a chain of any depth, whatever their names; else empty.
std::string chain_shape(std::span<const ForeignLayer> layers);

// Which layer has each place.
using Chain = std::vector<std::size_t>;

// All chains that shapes and `allowed` let the layers be, of at most kMostDepth.
std::vector<Chain> possible_chains(
    std::span<const ForeignLayer> layers, ChainForm form,
    const std::function<bool(std::size_t place, std::size_t layer)>& allowed);

// Those that names speak against least; `possible` are of at most kMostDepth.
std::vector<Chain> likeliest_chains(const std::vector<Chain>& possible,
                                    std::span<const ForeignLayer> layers, ChainForm form);

// The layer of network_layers() that has this place; of a layer of both heads, mu.
std::size_t role_of(std::size_t place, ChainForm form);
const NetworkLayer& layer_of(std::size_t role, ChainForm form);
std::string_view role_name(std::size_t place, ChainForm form);

}  // namespace picovae::tools

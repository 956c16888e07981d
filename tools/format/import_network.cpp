#include "tools/format/import_network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/layer_chain.hpp"

namespace picovae::tools {
namespace {

[[noreturn]] void refuse(std::span<const ForeignLayer> layers, std::string_view name) {
  const std::string shape = chain_shape(layers);
  const std::size_t depth = chain_form(layers.size()).depth;
  if (!shape.empty() && depth > kMostDepth) {
    fail("{}: is a VAE of {} each way, {}; picovae has one or two: train such a model", name,
         counted(depth, "hidden layer"), shape);
  }
  if (layers.empty()) fail("{}: has no dense layers, weights and a bias of one name", name);
  fail("{}: has {} that are no chain pixels-hidden-hidden-latent and back the same way: {}", name,
       counted(layers.size(), "dense layer"), list_layers(layers));
}

// Names what is open, and the option that decides it.
[[noreturn]] void ask(const std::vector<Chain>& best, std::span<const ForeignLayer> layers,
                      ChainForm form, std::string_view name) {
  std::vector<std::string> map;
  for (std::size_t i = 0; i < best[0].size(); ++i) {
    const bool open = std::any_of(best.begin(), best.end(), [&best, i](const Chain& chain) {
      return chain[i] != best[0][i];
    });
    if (!open) continue;
    std::string_view role = role_name(i, form);
    if (form.is_head(i)) role.remove_prefix(std::string_view("encoder.").size());
    map.push_back(fmt::format("{}={}", layers[best[0][i]].name, role));
  }
  std::string example = joined(map, ",");
  constexpr std::size_t kLongest = 72;  // as quote_name would cut it
  if (example.size() > kLongest) example = "NAME=mu,NAME=logvar";
  fail("{}: shapes and names leave a choice in {}; say which is which, such as --map {}", name,
       list_layers(layers), quote_name(example));
}

// What the file says of places, and the user besides.
LayerMap all_roles(const ForeignModel& model, const LayerMap& map, std::string_view name) {
  LayerMap roles = model.roles;
  for (const auto& [from, role] : map) {
    const auto named = [&from = from](const ForeignLayer& layer) { return layer.name == from; };
    if (std::none_of(model.layers.begin(), model.layers.end(), named)) {
      fail("{}: has no layer {}; it has {}", name, quote_name(from), list_layers(model.layers));
    }
    const auto known = roles.emplace(from, role).first;
    if (known->second != role) {
      fail("{}: says itself that {} is {}, which speaks against --map", name, quote_name(from),
           known->second);
    }
  }
  return roles;
}

// The chain, of one or two hidden layers each way.
Chain find_chain(std::span<const ForeignLayer> layers, const LayerMap& roles,
                 std::string_view name) {
  const ChainForm form = chain_form(layers.size());
  if (form.depth == 0 || form.depth > kMostDepth) refuse(layers, name);
  const auto allowed = [&](std::size_t place, std::size_t layer) {
    const auto wanted = roles.find(layers[layer].name);
    if (wanted == roles.end()) return true;
    if (form.heads == 1 && form.is_head(place)) {
      return wanted->second == kMuFirst || wanted->second == kLogvarFirst;
    }
    return wanted->second == role_name(place, form);
  };
  const auto possible = possible_chains(layers, form, allowed);
  if (possible.empty()) {
    if (!roles.empty() && !chain_shape(layers).empty()) {
      fail("{}: shapes speak against what layers are said to be; they are {}", name,
           list_layers(layers));
    }
    refuse(layers, name);
  }
  const auto best = likeliest_chains(possible, layers, form);
  if (best.size() != 1) ask(best, layers, form, name);
  return best[0];
}

DenseWeights half_of(const DenseWeights& heads, LayerPart part) {
  const std::size_t out = heads.out / 2;
  const std::size_t first = part == LayerPart::kFirstHalf ? 0 : out;
  const auto rows = std::span(heads.weight).subspan(first * heads.in, out * heads.in);
  const auto bias = std::span(heads.bias).subspan(first, out);
  return {heads.in, out, {rows.begin(), rows.end()}, {bias.begin(), bias.end()}};
}

// Puts a layer, or that half of it, into its place.
void put(ForeignLayer& layer, LayerPart part, const NetworkLayer& known,
         ImportedNetwork& imported) {
  Network& network = imported.network;
  DenseWeights& to = network.*known.weights;
  imported.found.push_back({known.name, layer.name, part, layer.transposed});
  to = part == LayerPart::kAll ? std::move(layer.dense) : half_of(layer.dense, part);
  if (known.weights == &Network::encoder0) network.pixels = to.in;
  network.*known.out = to.out;
}

Activation activation_of(const ForeignModel& model, std::optional<Activation> hidden,
                         std::string_view name) {
  if (model.activation.empty()) return hidden.value_or(Activation::kSoftplus);
  const auto known = named(kActivations, model.activation);
  if (!known) {
    fail("{}: says that its hidden layers are {}; picovae's are softplus or relu: train it so",
         name, quote_name(model.activation));
  }
  if (hidden && *hidden != *known) {
    fail("{}: says itself that its hidden layers are {}; leave out --activation", name,
         model.activation);
  }
  return *known;
}

}  // namespace

std::string parse_layer_map(const std::string& text, LayerMap& map) {
  map.clear();
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t middle = pair.rfind('=');
    if (middle == pair.npos || middle == 0) {
      return fmt::format("{} is no list such as fc21=mu,fc22=logvar", quote_name(text));
    }
    std::string role(pair.substr(middle + 1));
    if (role == "mu" || role == "logvar") role.insert(0, "encoder.");
    const auto is_it = [&role](const NetworkLayer& layer) { return layer.name == role; };
    if (role != kMuFirst && role != kLogvarFirst &&
        std::none_of(kNetworkLayers.begin(), kNetworkLayers.end(), is_it)) {
      return fmt::format(
          "{} is no layer: mu, logvar, {}, {}, encoder.0, encoder.1, decoder.0 to "
          "decoder.2",
          quote_name(role), kMuFirst, kLogvarFirst);
    }
    if (!map.emplace(pair.substr(0, middle), std::move(role)).second) {
      return fmt::format("{} names the layer {} twice", quote_name(text),
                         quote_name(pair.substr(0, middle)));
    }
  }
  return "";
}

ImportedNetwork import_network(ForeignModel model, const LayerMap& map,
                               std::optional<Activation> hidden, std::string_view name) {
  const Activation activation = activation_of(model, hidden, name);
  const ChainForm form = chain_form(model.layers.size());
  const LayerMap roles = all_roles(model, map, name);
  const Chain chain = find_chain(model.layers, roles, name);
  ImportedNetwork imported;
  for (std::size_t place = 0; place < chain.size(); ++place) {
    ForeignLayer& layer = model.layers[chain[place]];
    const std::size_t role = role_of(place, form);
    if (form.heads != 1 || !form.is_head(place)) {
      put(layer, LayerPart::kAll, layer_of(role, form), imported);
      continue;
    }
    const auto wanted = roles.find(layer.name);
    const bool turned = wanted != roles.end() && wanted->second == kLogvarFirst;
    put(layer, turned ? LayerPart::kSecondHalf : LayerPart::kFirstHalf, layer_of(role, form),
        imported);
    put(layer, turned ? LayerPart::kFirstHalf : LayerPart::kSecondHalf, layer_of(role + 1, form),
        imported);
  }
  Network& network = imported.network;
  network.activation = activation;
  try {
    dimensions_of(network);
  } catch (const Error& error) {
    fail("{}: {}", name, error.what());
  }
  network.classes = parse_class_tensors(model.extras, network.latent, name);
  network.metadata = std::move(model.metadata);
  return imported;
}

void double_logvar(Network& network) {
  for (float& weight : network.logvar.weight) weight *= 2;
  for (float& bias : network.logvar.bias) bias *= 2;
}

}  // namespace picovae::tools

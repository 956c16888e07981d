#include "tools/format/import_network.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/format/layer_names.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kDepth = 2;     // hidden layers each way at most
constexpr std::size_t kMaxDepth = 3;  // of what is recognized: 9! orders are tried at most

// Places of a chain: hidden layers of the encoder, heads (one of both, or mu and logvar), hidden
// layers of the decoder, pixels.
struct Form {
  std::size_t depth, heads;

  bool is_head(std::size_t place) const { return place >= depth && place < depth + heads; }
  bool operator==(const Form&) const = default;
};

// The form that so many layers have; a depth of 0 if none.
constexpr Form form_of(std::size_t layers) {
  const std::size_t heads = layers % 2 == 0 ? 1 : 2;
  if (layers < 4 || layers > 2 * kMaxDepth + 3) return {0, heads};
  return {(layers - 1 - heads) / 2, heads};
}

// Which layer has each place.
using Places = std::vector<std::size_t>;

// All ways to put layers into places so that shapes fit.
class Search {
 public:
  using Allowed = std::function<bool(std::size_t place, std::size_t layer)>;

  // At most `most` ways are looked for.
  Search(std::span<const ForeignLayer> layers, Form form, std::size_t most, Allowed allowed)
      : layers_(layers), form_(form), most_(most), allowed_(std::move(allowed)) {
    step();
  }

  const std::vector<Places>& ways() const { return ways_; }

 private:
  void step() {
    if (places_.size() == layers_.size()) {
      ways_.push_back(places_);
      return;
    }
    for (std::size_t i = 0; i < layers_.size() && ways_.size() < most_; ++i) {
      if (std::find(places_.begin(), places_.end(), i) != places_.end()) continue;
      if (!fits(layers_[i].dense) || !allowed_(places_.size(), i)) continue;
      places_.push_back(i);
      step();
      places_.pop_back();
    }
  }

  const DenseWeights& at(std::size_t place) const { return layers_[places_[place]].dense; }

  // In the next place.
  bool fits(const DenseWeights& layer) const {
    const auto [depth, heads] = form_;
    const std::size_t place = places_.size();
    if (place == 0) return true;
    if (place < depth) return layer.in == at(place - 1).out;
    if (form_.is_head(place)) {
      if (layer.in != at(depth - 1).out) return false;
      return heads == 1 ? layer.out % 2 == 0 : place == depth || layer.out == at(depth).out;
    }
    const std::size_t k = place - depth - heads;  // of the decoder
    const std::size_t in = k == 0 ? at(depth).out / (heads == 1 ? 2 : 1) : at(place - 1).out;
    return layer.in == in && layer.out == at(depth - k).in;  // of the layer that it undoes
  }

  std::span<const ForeignLayer> layers_;
  Form form_;
  std::size_t most_;
  Allowed allowed_;
  Places places_;
  std::vector<Places> ways_;
};

// A chain of any depth that shapes allow; empty if there is none.
Places any_chain(std::span<const ForeignLayer> layers) {
  const Form form = form_of(layers.size());
  if (form.depth == 0) return {};
  const Search search(layers, form, 1, [](std::size_t, std::size_t) { return true; });
  return search.ways().empty() ? Places{} : search.ways()[0];
}

// The layer of network_layers() that has this place; of a layer of both heads, mu.
std::size_t role_of(std::size_t place, Form form) {
  return form.heads == 1 && place > form.depth ? place + 1 : place;
}

const NetworkLayer& layer_of(std::size_t role, Form form) {
  return network_layers(form.depth == kDepth)[role];
}

std::string_view role_name(std::size_t place, Form form) {
  return layer_of(role_of(place, form), form).name;
}

// How much names speak against a way: words first, then the order of numbers.
class Judge {
 public:
  Judge(std::span<const ForeignLayer> layers, Form form) : form_(form) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (std::size_t j = 0; j < layers.size(); ++j) {
        const bool both = form.heads == 1 && form.is_head(j);
        words_[i][j] = !both && name_contradicts(layers[i].name, role_name(j, form));
        numbers_[i][j] = numbers_contradict(layers[i].name, layers[j].name);
      }
    }
  }

  std::pair<std::size_t, std::size_t> against(const Places& places) const {
    std::size_t words = 0, numbers = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      words += words_[places[i]][i] ? 1 : 0;
      for (std::size_t j = i + 1; j < places.size(); ++j) {
        if (form_.is_head(i) && form_.is_head(j)) continue;  // numbers do not say which is mu
        numbers += numbers_[places[i]][places[j]] ? 1 : 0;
      }
    }
    return {words, numbers};
  }

 private:
  static constexpr std::size_t kMost = 2 * kDepth + 3;
  Form form_;
  std::array<std::array<bool, kMost>, kMost> words_{};    // [layer][place]
  std::array<std::array<bool, kMost>, kMost> numbers_{};  // [layer][layer that comes later]
};

// Those ways that names speak against least.
std::vector<Places> best_ways(const std::vector<Places>& ways, const Judge& judge) {
  std::vector<Places> best;
  std::pair<std::size_t, std::size_t> least;
  for (const Places& places : ways) {
    const auto against = judge.against(places);
    if (best.empty() || against < least) {
      best.clear();
      least = against;
    }
    if (against == least) best.push_back(places);
  }
  return best;
}

[[noreturn]] void refuse(std::span<const ForeignLayer> layers, std::string_view name) {
  const std::string shape = chain_shape(layers);
  const std::size_t depth = form_of(layers.size()).depth;
  if (!shape.empty() && depth > kDepth) {
    fail("{}: is a VAE of {} each way, {}; picovae has one or two: train such a model", name,
         counted(depth, "hidden layer"), shape);
  }
  if (layers.empty()) fail("{}: has no dense layers, weights and a bias of one name", name);
  fail("{}: has {} that are no chain pixels-hidden-hidden-latent and back the same way: {}", name,
       counted(layers.size(), "dense layer"), list_layers(layers));
}

// Names what is open, and the option that decides it.
[[noreturn]] void ask(const std::vector<Places>& best, std::span<const ForeignLayer> layers,
                      Form form, std::string_view name) {
  std::vector<std::string> map;
  for (std::size_t i = 0; i < best[0].size(); ++i) {
    const bool open = std::any_of(best.begin(), best.end(), [&best, i](const Places& places) {
      return places[i] != best[0][i];
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

// The places of a chain of one or two hidden layers each way.
Places find_chain(std::span<const ForeignLayer> layers, const LayerMap& roles,
                  std::string_view name) {
  const Form form = form_of(layers.size());
  if (form.depth == 0 || form.depth > kDepth) refuse(layers, name);
  const auto allowed = [&](std::size_t place, std::size_t layer) {
    const auto wanted = roles.find(layers[layer].name);
    if (wanted == roles.end()) return true;
    if (form.heads == 1 && form.is_head(place)) {
      return wanted->second == kMuFirst || wanted->second == kLogvarFirst;
    }
    return wanted->second == role_name(place, form);
  };
  constexpr std::size_t kAll = 5040;  // 7!
  const Search search(layers, form, kAll, allowed);
  if (search.ways().empty()) {
    if (!roles.empty() && !any_chain(layers).empty()) {
      fail("{}: shapes speak against what layers are said to be; they are {}", name,
           list_layers(layers));
    }
    refuse(layers, name);
  }
  const auto best = best_ways(search.ways(), Judge(layers, form));
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
  const Form form = form_of(model.layers.size());
  const LayerMap roles = all_roles(model, map, name);
  const Places places = find_chain(model.layers, roles, name);
  ImportedNetwork imported;
  for (std::size_t place = 0; place < places.size(); ++place) {
    ForeignLayer& layer = model.layers[places[place]];
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

std::string chain_shape(std::span<const ForeignLayer> layers) {
  const Places places = any_chain(layers);
  if (places.empty()) return "";
  const auto [depth, heads] = form_of(layers.size());
  std::vector<std::size_t> sizes{layers[places[0]].dense.in};
  for (std::size_t i = 0; i <= depth; ++i) sizes.push_back(layers[places[i]].dense.out);
  if (heads == 1) sizes.back() /= 2;
  return joined(sizes, "-");
}

void double_logvar(Network& network) {
  for (float& weight : network.logvar.weight) weight *= 2;
  for (float& bias : network.logvar.bias) bias *= 2;
}

}  // namespace picovae::tools

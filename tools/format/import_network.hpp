// A network from a model of another program. Which of its layers is which is found by
// layer_chain.hpp; where shapes and names leave a choice, the user says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/foreign_model.hpp"
#include "tools/format/network.hpp"

namespace picovae::tools {

// Reads "fc21=mu,fc22=logvar"; mu and logvar stand for encoder.mu and encoder.logvar. Returns a
// complaint, which is empty if all is well.
std::string parse_layer_map(const std::string& text, LayerMap& map);

enum class LayerPart { kAll, kFirstHalf, kSecondHalf };

struct FoundLayer {
  std::string_view name;  // of kNetworkLayers
  std::string from;       // the file's name
  LayerPart part = LayerPart::kAll;
  bool transposed = false;  // the file has it as [in, out]
};

struct ImportedNetwork {
  Network network;                // with the file's metadata, and classes if it is our own
  std::vector<FoundLayer> found;  // in the order of kNetworkLayers
};

// Uses up `model`; `name` is the file's, for messages. Fails, saying what was found, if there is no
// such chain, a choice is left, `map` or `hidden` contradict the file, `map` names what is not
// there, or the file's activation is none of kActivations.
//   hidden  the activation of hidden layers; none: the file's, or softplus if it does not say
ImportedNetwork import_network(ForeignModel model, const LayerMap& map,
                               std::optional<Activation> hidden, std::string_view name);

// Makes of a head whose outputs are log sigma one whose outputs are log sigma^2.
void double_logvar(Network& network);

}  // namespace picovae::tools

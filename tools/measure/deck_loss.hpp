// The figure that the deck prints as val_loss. It is not an ELBO.
#pragma once

#include <cstdint>
#include <span>

namespace picovae::tools {

class Model;

// Mean over images [count][pixels] u8 of the reconstruction at z = mu plus deck_kl (objective.hpp),
// pixels binarized at one half. Does not depend on the number of threads.
double evaluate_deck_loss(const Model& model, std::span<const std::uint8_t> images,
                          unsigned threads);

}  // namespace picovae::tools

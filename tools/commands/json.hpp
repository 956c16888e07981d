// Figures as JSON: the keys that programs rely on.
#pragma once

#include <nlohmann/json.hpp>

#include "tools/measure/elbo.hpp"

namespace picovae::tools {

inline nlohmann::ordered_json to_json(const Elbo& elbo) {
  return {{"neg_elbo", elbo.neg_elbo}, {"reconstruction", elbo.reconstruction}, {"kl", elbo.kl}};
}

}  // namespace picovae::tools

#include "tools/format/layer_chain.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

#include "tests/tools/format/foreign_layers.hpp"

using namespace picovae::tools;
using namespace picovae::tests;

namespace {

bool any_place(std::size_t, std::size_t) { return true; }

std::vector<Chain> possible(const std::vector<ForeignLayer>& layers) {
  return possible_chains(layers, chain_form(layers.size()), any_place);
}

std::vector<Chain> likeliest(const std::vector<ForeignLayer>& layers) {
  return likeliest_chains(possible(layers), layers, chain_form(layers.size()));
}

}  // namespace

TEST_CASE("shapes leave the choices that they must") {
  const auto layers = twins("a", "b", "c", "d", "e", "f", "g");
  CHECK(possible(layers).size() == 4);  // two 6-6, two 6-2
  const Chain said{6, 5, 3, 2, 4, 1, 0};
  const auto first_head = [](std::size_t place, std::size_t layer) {
    return (layer == 3) == (place == 2) && (layer == 1) == (place == 5);
  };
  CHECK(possible_chains(layers, chain_form(7), first_head) == std::vector<Chain>{said});
  CHECK(possible(layers_of({{"a", 9, 6}, {"b", 6, 3}, {"c", 2, 6}, {"d", 6, 9}})).empty());
}

TEST_CASE("names choose among what shapes allow") {
  const Chain chain{6, 5, 3, 2, 4, 1, 0};
  CHECK(likeliest(twins("enc1", "enc2", "mean", "logvar", "dec1", "dec2", "dec3")) ==
        std::vector<Chain>{chain});
  CHECK(likeliest(twins("fc1", "fc2", "mu", "var", "fc4", "fc5", "fc6")) ==
        std::vector<Chain>{chain});
  CHECK(likeliest(twins("fc1", "fc2", "fc31", "fc32", "fc4", "fc5", "fc6")).size() == 2);
  CHECK(likeliest(twins("a", "b", "c", "d", "e", "f", "g")).size() == 4);
}

TEST_CASE("places have the names of a network's layers") {
  const ChainForm apart = chain_form(7), joined = chain_form(6), flat = chain_form(4);
  CHECK(role_name(3, apart) == "encoder.logvar");
  CHECK(role_name(2, joined) == "encoder.mu");
  CHECK(role_name(3, joined) == "decoder.0");
  CHECK(role_name(1, flat) == "encoder.mu");
  CHECK(role_name(3, flat) == "decoder.2");
  CHECK(joined.is_head(2));
  CHECK(!joined.is_head(3));
}

TEST_CASE("chains of any depth have a shape") {
  CHECK(chain_shape(twins("a", "b", "c", "d", "e", "f", "g")) == "9-6-6-2");
  CHECK(chain_shape(layers_of({{"a", 9, 6}, {"b", 6, 4}, {"c", 2, 6}, {"d", 6, 9}})) == "9-6-2");
  CHECK(chain_shape(layers_of({{"a", 9, 8},
                               {"b", 8, 7},
                               {"c", 7, 6},
                               {"d", 6, 4},
                               {"e", 2, 6},
                               {"f", 6, 7},
                               {"g", 7, 8},
                               {"h", 8, 9}})) == "9-8-7-6-2");
  CHECK(chain_shape({}).empty());
  CHECK(chain_shape(layers_of({{"a", 9, 6}, {"b", 6, 2}, {"c", 2, 6}, {"d", 6, 9}})).empty());
}

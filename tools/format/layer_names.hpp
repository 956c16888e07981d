// What the names in a foreign model say: the layer and the kind of a tensor, and the place of a
// layer where shapes leave a choice.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace picovae::tools {

enum class TensorKind { kOther, kWeight, kBias };

struct TensorName {
  std::string layer;  // the name without its kind; all of it if it has none
  TensorKind kind = TensorKind::kOther;
  bool is_kernel = false;  // as Keras and Flax call weights [in, out]
};

// The last word of a kind is taken out: "fc1.weight", "dense/kernel:0", "b_mu", "W1" and
// "encoder.w2" are of "fc1", "dense", "mu", "1" and "encoder.2". Prefixes that wrappers of PyTorch
// add, module. and _orig_mod., are left out.
TensorName split_tensor_name(std::string_view name);

// Whether a file's name for a layer speaks against its being `role`, a name of kNetworkLayers:
// words such as "enc" and "dec", "mean" and "log_var".
bool name_contradicts(std::string_view name, std::string_view role);

// Whether the numbers of two names of equal words say that `second` comes first: "fc5", "fc2". No
// number comes before all numbers: "dense", "dense_1".
bool numbers_contradict(std::string_view first, std::string_view second);

// Whether a layer's name speaks of sigma, a standard deviation, and not of a variance.
bool says_sigma(std::string_view name);

}  // namespace picovae::tools

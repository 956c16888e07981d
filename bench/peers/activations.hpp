// Activations by Eigen's array functions, for peers that have none of their own.
#pragma once

#include <Eigen/Dense>

namespace picovae::bench::PICOVAE_PEER_FLAGS {

// Both forms are vectorized by Eigen; a broadcast of the bias over a whole matrix would not be.
struct Softplus {
  template <typename T>
  static auto of(const Eigen::ArrayBase<T>& x) {
    return x.max(0.0f) + (-x.abs()).exp().log1p();
  }
};
struct Sigmoid {
  template <typename T>
  static auto of(const Eigen::ArrayBase<T>& x) {
    return x.logistic();
  }
};
struct Identity {
  template <typename T>
  static const T& of(const Eigen::ArrayBase<T>& x) {
    return x.derived();
  }
};

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

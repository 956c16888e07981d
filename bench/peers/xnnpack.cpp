// XNNPACK's fully-connected operator in f32, made and given its batch once.
#include "xnnpack.hpp"

#include <limits>

#include "matrix_peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

class XnnpackProduct {
 public:
  XnnpackProduct(const Weights& weights, Eigen::Index batch) {
    const auto in = static_cast<std::size_t>(weights.cols());
    const auto out = static_cast<std::size_t>(weights.rows());
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    operator_ = make_operator([&](xnn_operator_t* made) {
      return xnn_create_fully_connected_nc_f32(in, out, in, out, weights.data(), nullptr,
                                               -kInfinity, kInfinity, 0, nullptr, made);
    });
    demand(xnn_reshape_fully_connected_nc_f32(operator_.get(), static_cast<std::size_t>(batch),
                                              nullptr));
  }

  void run(const MatrixXf& x, MatrixXf& y) const {
    xnn_setup_fully_connected_nc_f32(operator_.get(), x.data(), y.data());
    xnn_run_operator(operator_.get(), nullptr);
  }

 private:
  Operator operator_;
};

}  // namespace

std::unique_ptr<Contender> make_xnnpack(const PeerSetup& setup) {
  if (kLimited) return nullptr;  // it takes the processor's best kernels
  return std::make_unique<MatrixPeer<XnnpackProduct>>(setup);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

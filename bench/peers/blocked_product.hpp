// A layer as products of blocks, for libraries that generate a kernel for each size: weights in
// blocks of outputs, packed once, and images in blocks as well. The blocks of each layer are those
// that are fastest in a trial.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <vector>

#include "matrix_peer.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {

// Library::Kernel is what Library::generate(m, n, k, lda, ldb, ldc) returns: called with a, b and c
// it computes the columns of c [n][m] from a [k][m] and b [n][k]; it is false if there is none.
template <typename Library>
class BlockedProduct {
 public:
  using Index = Eigen::Index;

  BlockedProduct(const Weights& weights, Index batch) : in_(weights.cols()), out_(weights.rows()) {
    // So few images that a trial is short, and so many that they do not fit one block.
    const Index images = std::min<Index>(batch, 120);
    const MatrixXf x = MatrixXf::Constant(in_, images, 0.5f);
    MatrixXf y(out_, images);
    double least = std::numeric_limits<double>::infinity();
    Plan best;
    const auto attempt = [&](Plan plan) {
      if (!prepare(weights, plan, images)) return;
      const double time = fastest(x, y);
      if (time < least) {
        least = time;
        best = plan;
      }
    };
    for (const Index outputs : {16, 32, 48, 64, 80, 96, 128, 160, 256, 4096}) {
      attempt({outputs, 24, true});
      if (outputs >= out_) break;
    }
    const Index outputs = best.outputs;
    for (const Index block : {6, 12, 24, 48, 96, 4096}) {
      attempt({outputs, block, true});
      if (block >= images) break;
      attempt({outputs, block, false});
    }
    if (!prepare(weights, best, batch)) throw std::runtime_error("no kernel of that size");
  }

  void run(const MatrixXf& x, MatrixXf& y) const {
    const Index outer = plan_.images_outside ? batch_ : out_;
    const Index inner = plan_.images_outside ? out_ : batch_;
    const Index outer_step = plan_.images_outside ? plan_.images : plan_.outputs;
    const Index inner_step = plan_.images_outside ? plan_.outputs : plan_.images;
    for (Index i = 0; i < outer; i += outer_step) {
      for (Index j = 0; j < inner; j += inner_step) {
        const Index image = plan_.images_outside ? i : j, output = plan_.images_outside ? j : i;
        const bool last_images = image + plan_.images > batch_;
        const bool last_outputs = output + plan_.outputs > out_;
        kernels_[last_images][last_outputs](packed_.data() + output * in_, x.data() + image * in_,
                                            y.data() + image * out_ + output);
      }
    }
  }

 private:
  struct Plan {
    Index outputs = 0, images = 0;  // of a block
    bool images_outside = true;     // the outer loop is over images
  };

  // False if the library has no such kernels.
  bool prepare(const Weights& weights, Plan plan, Index batch) {
    plan.outputs = std::min(plan.outputs, out_);
    plan.images = std::min(plan.images, batch);
    plan_ = plan;
    batch_ = batch;
    packed_.clear();
    for (Index first = 0; first < out_; first += plan.outputs) {
      const Index count = std::min(plan.outputs, out_ - first);
      const MatrixXf block = weights.middleRows(first, count);  // columns [in] of [count]
      packed_.insert(packed_.end(), block.data(), block.data() + block.size());
    }
    for (const bool last_images : {false, true}) {
      for (const bool last_outputs : {false, true}) {
        const Index n = last_images ? batch % plan.images : plan.images;
        const Index m = last_outputs ? out_ % plan.outputs : plan.outputs;
        if (n == 0 || m == 0) continue;
        auto& kernel = kernels_[last_images][last_outputs];
        kernel = Library::generate(m, n, in_, m, in_, out_);
        if (!kernel) return false;
      }
    }
    return true;
  }

  // Seconds of a run: the least of several samples.
  double fastest(const MatrixXf& x, MatrixXf& y) const {
    using Clock = std::chrono::steady_clock;
    using Seconds = std::chrono::duration<double>;
    double least = std::numeric_limits<double>::infinity();
    const auto first = Clock::now();
    for (int sample = 0; sample < 3 || (sample < 12 && Clock::now() - first < Seconds(1e-3));
         ++sample) {
      const auto start = Clock::now();
      Seconds taken{};
      int runs = 0;
      do {
        run(x, y);
        ++runs;
        taken = Clock::now() - start;
      } while (taken < Seconds(20e-6));
      least = std::min(least, taken.count() / runs);
    }
    return least;
  }

  Index in_, out_, batch_ = 0;
  Plan plan_;
  std::vector<float> packed_;
  typename Library::Kernel kernels_[2][2] = {};
};

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

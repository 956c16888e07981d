// BLASFEO: everything in its panel-major layout, from weights to results; a column for each image,
// of one image a vector.
#include <blasfeo.h>

#include <Eigen/Dense>
#include <cstddef>
#include <memory>
#include <vector>

#include "activations.hpp"
#include "peer.hpp"
#include "tools/base/aligned.hpp"

namespace picovae::bench::PICOVAE_PEER_FLAGS {
namespace {

using Memory = tools::AlignedVector<std::byte>;

// Their functions take no const.
float* data_of(const std::vector<float>& values) { return const_cast<float*>(values.data()); }

// A matrix of theirs, with its memory.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns)
      : memory_(blasfeo_memsize_smat(static_cast<int>(rows), static_cast<int>(columns))) {
    blasfeo_create_smat(static_cast<int>(rows), static_cast<int>(columns), &matrix_,
                        memory_.data());
  }

  // [columns][rows]
  void set_columns(const std::vector<float>& values) {
    blasfeo_pack_smat(matrix_.m, matrix_.n, data_of(values), matrix_.m, &matrix_, 0, 0);
  }
  // [rows][columns]
  void set_rows(const std::vector<float>& values) {
    blasfeo_pack_tran_smat(matrix_.n, matrix_.m, data_of(values), matrix_.n, &matrix_, 0, 0);
  }
  // [columns][rows]
  std::vector<float> columns() {
    std::vector<float> values(static_cast<std::size_t>(matrix_.m) *
                              static_cast<std::size_t>(matrix_.n));
    blasfeo_unpack_smat(matrix_.m, matrix_.n, &matrix_, 0, 0, values.data(), matrix_.m);
    return values;
  }

  // Each panel is contiguous.
  template <typename Activation>
  void apply() {
    for (int first = 0; first < matrix_.m; first += S_PS) {
      Eigen::Map<Eigen::ArrayXf> panel(matrix_.pA + first * matrix_.cn, S_PS * matrix_.n);
      panel = Activation::of(panel);
    }
  }

  // weight * x + bias, of the first rows of x.
  void become(Matrix& weight, Matrix& x, Matrix& bias) {
    blasfeo_sgemm_nn(matrix_.m, matrix_.n, weight.matrix_.n, 1, &weight.matrix_, 0, 0, &x.matrix_,
                     0, 0, 1, &bias.matrix_, 0, 0, &matrix_, 0, 0);
  }

  blasfeo_smat* get() { return &matrix_; }

 private:
  Memory memory_;
  blasfeo_smat matrix_{};
};

// The same of one column.
class Vector {
 public:
  Vector() = default;
  Vector(std::size_t rows, std::size_t) : memory_(blasfeo_memsize_svec(static_cast<int>(rows))) {
    blasfeo_create_svec(static_cast<int>(rows), &vector_, memory_.data());
  }

  void set_columns(const std::vector<float>& values) {
    blasfeo_pack_svec(vector_.m, data_of(values), 1, &vector_, 0);
  }
  std::vector<float> columns() const { return {vector_.pa, vector_.pa + vector_.m}; }

  template <typename Activation>
  void apply() {
    Eigen::Map<Eigen::ArrayXf> values(vector_.pa, vector_.m);
    values = Activation::of(values);
  }

  void become(Matrix& weight, Vector& x, Vector& bias) {
    blasfeo_sgemv_n(weight.get()->m, weight.get()->n, 1, weight.get(), 0, 0, &x.vector_, 0, 1,
                    &bias.vector_, 0, &vector_, 0);
  }

 private:
  Memory memory_;
  blasfeo_svec vector_{};
};

// Images are Columns: a Matrix, or a Vector for one.
template <typename Columns>
class Blasfeo : public Contender {
 public:
  explicit Blasfeo(const PeerSetup& setup) {
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const tools::DenseWeights& layer = setup.layers[i];
      weights_[i] = Matrix(layer.out, layer.in);
      weights_[i].set_rows(layer.weight);
      std::vector<float> biases;
      for (std::size_t image = 0; image < setup.batch; ++image) {
        biases.insert(biases.end(), layer.bias.begin(), layer.bias.end());
      }
      biases_[i] = Columns(layer.out, setup.batch);
      biases_[i].set_columns(biases);
      y_[i] = Columns(layer.out, setup.batch);
    }
    x_ = Columns(setup.layers[kEncoder0].in, setup.batch);
    x_.set_columns(setup.images);
    z_ = Columns(setup.layers[kDecoder0].in, setup.batch);
    z_.set_columns(setup.latents);
  }

  void run(Task task) override {
    if (task != Task::kDecode) {
      run_layer<Softplus>(kEncoder0, x_);
      run_layer<Softplus>(kEncoder1, y_[kEncoder0]);
      y_[kEncoderHeads].become(weights_[kEncoderHeads], y_[kEncoder1], biases_[kEncoderHeads]);
    }
    if (task != Task::kEncode) {  // mu is the first rows of the heads
      run_layer<Softplus>(kDecoder0, task == Task::kDecode ? z_ : y_[kEncoderHeads]);
      run_layer<Softplus>(kDecoder1, y_[kDecoder0]);
      run_layer<Sigmoid>(kDecoder2, y_[kDecoder1]);
    }
  }

  std::vector<double> result(Task task) const override {
    const std::vector<float> y = y_[task == Task::kEncode ? kEncoderHeads : kDecoder2].columns();
    return {y.begin(), y.end()};
  }

 private:
  template <typename Activation>
  void run_layer(std::size_t index, Columns& x) {
    y_[index].become(weights_[index], x, biases_[index]);
    y_[index].template apply<Activation>();
  }

  Matrix weights_[kLayerCount];          // out x in
  Columns x_, z_, biases_[kLayerCount];  // a bias for each image
  mutable Columns y_[kLayerCount];       // to unpack it takes no const
};

}  // namespace

std::unique_ptr<Contender> make_blasfeo(const PeerSetup& setup) {
  if (setup.batch == 1) return std::make_unique<Blasfeo<Vector>>(setup);
  return std::make_unique<Blasfeo<Matrix>>(setup);
}

}  // namespace picovae::bench::PICOVAE_PEER_FLAGS

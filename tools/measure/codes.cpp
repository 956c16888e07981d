#include "tools/measure/codes.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>

#include "tools/base/error.hpp"
#include "tools/measure/elbo.hpp"

namespace picovae::tools {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// mu [count][units] of the active latents.
MatrixXd active_codes(const Codes& codes) {
  const std::vector<std::size_t> units = active_latents(codes);
  if (units.size() < 2) {
    fail("{} of the model's latents {} active; a plane needs two: train longer", units.size(),
         units.size() == 1 ? "is" : "are");
  }
  MatrixXd mu(static_cast<Index>(codes.count), static_cast<Index>(units.size()));
  for (Index image = 0; image < mu.rows(); ++image) {
    for (Index i = 0; i < mu.cols(); ++i) {
      mu(image, i) = static_cast<double>(codes.mu[static_cast<std::size_t>(image) * codes.latent +
                                                  units[static_cast<std::size_t>(i)]]);
    }
  }
  return mu;
}

// Columns: the two directions that project_codes takes of codes about zero, the better one last.
MatrixXd widest_directions(const MatrixXd& mu) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(mu.transpose() * mu);
  return solver.eigenvectors().rightCols(2);
}

MatrixXd parting_directions(const MatrixXd& mu, std::span<const std::uint8_t> labels) {
  constexpr std::size_t kLabels = 256;
  std::vector<VectorXd> mean(kLabels, VectorXd::Zero(mu.cols()));
  std::vector<double> count(kLabels);
  for (Index image = 0; image < mu.rows(); ++image) {
    const std::uint8_t label = labels[static_cast<std::size_t>(image)];
    mean[label] += mu.row(image).transpose();
    ++count[label];
  }
  MatrixXd between = MatrixXd::Zero(mu.cols(), mu.cols());
  for (std::size_t label = 0; label < kLabels; ++label) {
    if (count[label] > 0) between += mean[label] * mean[label].transpose() / count[label];
  }
  const auto n = static_cast<double>(mu.rows());
  between /= n;
  MatrixXd within = mu.transpose() * mu / n - between;
  // A data set with an image a label has no variance within labels.
  within.diagonal().array() += 1e-6;
  const Eigen::GeneralizedSelfAdjointEigenSolver<MatrixXd> solver(between, within);
  return solver.eigenvectors().rightCols(2);  // largest last
}

}  // namespace

Codes encode_images(const Model& model, std::span<const std::uint8_t> images,
                    const EvaluateOptions& options) {
  const std::size_t count = images.size() / model.header().dimensions.pixels;
  const std::size_t latent = model.header().dimensions.latent;
  Codes codes{count, latent, std::vector<float>(count * latent),
              std::vector<float>(count * latent)};
  encode_parts(model, images, options, [&](Model&, const EncodedImages& part) {
    std::copy(part.mu.begin(), part.mu.end(), codes.mu.data() + part.first * latent);
    std::copy(part.logvar.begin(), part.logvar.end(), codes.logvar.data() + part.first * latent);
  });
  for (const auto* values : {&codes.mu, &codes.logvar}) {
    for (const float value : *values) require_finite({double{value}}, "a code");
  }
  return codes;
}

std::vector<LatentUse> measure_latents(const Codes& codes) {
  const auto& [count, latent, mu, logvar] = codes;
  std::vector<LatentUse> use(latent);
  const auto n = static_cast<double>(count);
  for (std::size_t k = 0; k < latent; ++k) {
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) {
      mean += static_cast<double>(mu[i * latent + k]) / n;
      use[k].kl += gaussian_kl({&mu[i * latent + k], 1}, {&logvar[i * latent + k], 1}) / n;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double off = static_cast<double>(mu[i * latent + k]) - mean;
      use[k].activity += off * off / n;
    }
    require_finite({use[k].kl, use[k].activity}, fmt::format("the use of latent {}", k));
  }
  return use;
}

std::vector<std::size_t> active_latents(const Codes& codes) {
  const std::vector<LatentUse> use = measure_latents(codes);
  std::vector<std::size_t> units;
  for (std::size_t i = 0; i < use.size(); ++i) {
    if (use[i].is_active()) units.push_back(i);
  }
  std::stable_sort(units.begin(), units.end(),
                   [&](std::size_t a, std::size_t b) { return use[a].activity > use[b].activity; });
  return units;
}

std::vector<PlanePoint> project_codes(const Codes& codes, std::span<const std::uint8_t> labels) {
  MatrixXd mu = active_codes(codes);
  mu.rowwise() -= mu.colwise().mean().eval();
  const MatrixXd points =
      mu * (labels.empty() ? widest_directions(mu) : parting_directions(mu, labels));
  std::vector<PlanePoint> result;
  for (Index image = 0; image < points.rows(); ++image) {
    result.push_back({points(image, 1), points(image, 0)});
    require_finite({points(image, 0), points(image, 1)}, "the map");
  }
  return result;
}

}  // namespace picovae::tools

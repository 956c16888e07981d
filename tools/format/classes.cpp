#include "tools/format/classes.hpp"

#include <fmt/format.h>
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "picovae/classes.hpp"
#include "picovae/latent.hpp"
#include "tools/base/error.hpp"
#include "tools/measure/latents.hpp"

namespace picovae::tools {
namespace {

constexpr double kSpread = 0.8;

// The most active units that fit, ascending.
std::vector<std::uint16_t> choose_units(const Codes& codes, std::size_t classes) {
  const std::vector<LatentUse> use = measure_latents(codes);
  std::vector<std::uint16_t> units;
  for (std::size_t i = 0; i < codes.latent; ++i) {
    if (use[i].is_active()) units.push_back(static_cast<std::uint16_t>(i));
  }
  std::stable_sort(units.begin(), units.end(),
                   [&](auto a, auto b) { return use[a].activity > use[b].activity; });
  const std::size_t room = kClassBytes * std::max<std::size_t>(classes, 10);
  while (class_section_size(classes, units.size()) > room) units.pop_back();
  std::sort(units.begin(), units.end());
  return units;
}

// Mean and covariance of a class's z, and how many codes there were.
struct Moments {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
  double count = 0;
};

// Two passes over the codes of one class.
Moments class_moments(const Codes& codes, std::span<const std::uint8_t> labels, std::uint8_t label,
                      std::span<const std::uint16_t> units) {
  const auto size = static_cast<Eigen::Index>(units.size());
  Moments moments{Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size)};
  const auto for_each = [&](auto function) {
    Eigen::VectorXd mu(size), variance(size);
    for (std::size_t image = 0; image < codes.count; ++image) {
      if (labels[image] != label) continue;
      for (std::size_t i = 0; i < units.size(); ++i) {
        const std::size_t at = image * codes.latent + units[i];
        mu[static_cast<Eigen::Index>(i)] = static_cast<double>(codes.mu[at]);
        variance[static_cast<Eigen::Index>(i)] = std::exp(static_cast<double>(codes.logvar[at]));
      }
      function(mu, variance);
    }
  };
  for_each([&](const auto& mu, const auto&) {
    moments.mean += mu;
    ++moments.count;
  });
  moments.mean /= moments.count;
  for_each([&](const auto& mu, const auto& variance) {
    const Eigen::VectorXd off = mu - moments.mean;
    moments.covariance += off * off.transpose();
    moments.covariance.diagonal() += variance;
  });
  moments.covariance /= moments.count;
  return moments;
}

// As many fractional bits as leave the largest factor within s8.
int choose_shift(std::span<const float> factor) {
  double largest = 0;
  for (const float f : factor) largest = std::max(largest, std::abs(static_cast<double>(f)));
  int shift = 7;
  while (shift > 1 && std::rint(std::ldexp(largest, shift)) > 127) --shift;
  return shift;
}

template <typename T>
T rounded(float value, int bits, double largest) {
  const double scaled = std::ldexp(static_cast<double>(value), bits);
  return static_cast<T>(std::lrint(std::clamp(scaled, -largest, largest)));
}

// Copies values to `to` and returns what comes behind them.
template <typename T>
std::byte* put(std::byte* to, const std::vector<T>& values) {
  std::memcpy(to, values.data(), values.size() * sizeof(T));
  return to + values.size() * sizeof(T);
}

}  // namespace

std::vector<std::uint8_t> distinct_labels(std::span<const std::uint8_t> labels) {
  std::vector<std::uint8_t> distinct(labels.begin(), labels.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

ClassGaussians fit_classes(const Codes& codes, std::span<const std::uint8_t> labels) {
  ClassGaussians classes;
  classes.labels = distinct_labels(labels);
  if (classes.labels.size() > kMaxClasses) {
    fail("the data set has {} labels; a model keeps at most {} classes", classes.labels.size(),
         kMaxClasses);
  }
  classes.units = choose_units(codes, classes.labels.size());
  if (classes.units.empty()) {
    fail("no latent tells images apart, so there are no classes to keep; train longer");
  }
  for (const std::uint8_t label : classes.labels) {
    const Moments moments = class_moments(codes, labels, label, classes.units);
    const Eigen::MatrixXd factor = moments.covariance.llt().matrixL();
    for (Eigen::Index r = 0; r < factor.rows(); ++r) {
      classes.mean.push_back(static_cast<float>(moments.mean[r]));
      for (Eigen::Index c = 0; c < factor.cols(); ++c) {
        classes.factor.push_back(static_cast<float>(kSpread * factor(r, c)));
      }
    }
  }
  return classes;
}

ClassGaussians fit_known_classes(const Model& model, const LabelledImages& data,
                                 const EvaluateOptions& options) {
  try {
    return fit_classes(encode_images(model, data.images.pixels, options), data.labels);
  } catch (const Error& error) {
    fmt::print(stderr, "picovae: classes are left out: {}\n", error.what());
    return {};
  }
}

std::vector<std::byte> class_section(const ClassGaussians& classes) {
  const std::size_t units = classes.units.size();
  const int shift = choose_shift(classes.factor);
  std::vector<std::int16_t> mean;
  for (const float m : classes.mean) {
    mean.push_back(rounded<std::int16_t>(m, kNormalBits, kMaxLatent));
  }
  std::vector<std::int8_t> factor;
  for (std::size_t i = 0; i < classes.factor.size(); ++i) {
    const std::size_t row = i / units % units;
    if (i % units <= row) factor.push_back(rounded<std::int8_t>(classes.factor[i], shift, 127));
  }
  const ClassHeader header{static_cast<std::uint8_t>(classes.labels.size()),
                           static_cast<std::uint8_t>(shift), static_cast<std::uint16_t>(units), 0};
  std::vector<std::byte> section(class_section_size(classes.labels.size(), units));
  std::memcpy(section.data(), &header, sizeof(header));
  std::byte* end = put(section.data() + sizeof(header), classes.units);
  end = put(end, mean);
  end = put(end, classes.labels);
  put(end, factor);
  return section;
}

std::vector<std::byte> class_section(const BlobView& view) {
  ClassPriors priors;
  if (find_classes(view, priors) != Status::kOk) return {};
  const auto* start = reinterpret_cast<const std::byte*>(priors.header);
  return {start, start + class_section_size(priors.header->classes, priors.header->units)};
}

}  // namespace picovae::tools

#include "tools/measure/fit_classes.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "picovae/classes.hpp"
#include "tools/base/cholesky.hpp"
#include "tools/base/error.hpp"
#include "tools/base/fixed_math.hpp"
#include "tools/base/notice.hpp"

namespace picovae::tools {
namespace {

constexpr double kSpread = 0.8;

// As many of the most active latents as fit into kClassBytes a class, ascending.
std::vector<std::uint16_t> choose_units(const Codes& codes, std::size_t classes) {
  const std::vector<std::size_t> active = active_latents(codes);
  std::vector<std::uint16_t> units(active.begin(), active.end());
  units.resize(units_that_fit(classes, units.size()));
  std::sort(units.begin(), units.end());
  return units;
}

// Mean [units] and covariance [units][units] of a class's z.
struct Moments {
  std::vector<double> mean, covariance;
};

// Two passes over the codes of one class.
Moments class_moments(const Codes& codes, std::span<const std::uint8_t> labels, std::uint8_t label,
                      std::span<const std::uint16_t> units) {
  const std::size_t size = units.size();
  Moments moments{std::vector<double>(size), std::vector<double>(size * size)};
  double count = 0;
  for (std::size_t image = 0; image < codes.count; ++image) {
    if (labels[image] != label) continue;
    ++count;
    for (std::size_t i = 0; i < size; ++i) {
      moments.mean[i] += static_cast<double>(codes.mu[image * codes.latent + units[i]]);
    }
  }
  for (double& mean : moments.mean) mean /= count;
  std::vector<double> off(size);
  for (std::size_t image = 0; image < codes.count; ++image) {
    if (labels[image] != label) continue;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = image * codes.latent + units[i];
      off[i] = static_cast<double>(codes.mu[at]) - moments.mean[i];
      moments.covariance[i * size + i] += fixed::exp(static_cast<double>(codes.logvar[at]));
    }
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) moments.covariance[i * size + j] += off[i] * off[j];
    }
  }
  for (double& value : moments.covariance) value /= count;
  return moments;
}

}  // namespace

std::vector<std::uint8_t> distinct_labels(std::span<const std::uint8_t> labels) {
  std::vector<std::uint8_t> distinct(labels.begin(), labels.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  return distinct;
}

std::size_t units_that_fit(std::size_t classes, std::size_t units) {
  const std::size_t room = kClassBytes * std::max<std::size_t>(classes, 10);
  while (class_section_size(classes, units) > room) --units;
  return units;
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
    Moments moments = class_moments(codes, labels, label, classes.units);
    const std::size_t size = classes.units.size();
    cholesky(moments.covariance, size);
    for (std::size_t i = 0; i < size; ++i) {
      classes.mean.push_back(static_cast<float>(moments.mean[i]));
      for (std::size_t j = 0; j < size; ++j) {  // the lower factor is the upper one's transpose
        classes.factor.push_back(static_cast<float>(kSpread * moments.covariance[j * size + i]));
      }
    }
  }
  for (const auto* values : {&classes.mean, &classes.factor}) {
    for (const float value : *values) require_finite({double{value}}, "the Gaussian of a class");
  }
  return classes;
}

ClassGaussians fit_known_classes(const Model& model, const LabeledImages& data,
                                 const EvaluateOptions& options) {
  if (data.labels.empty()) return {};
  try {
    return fit_classes(encode_images(model, data.images.pixels, options), data.labels);
  } catch (const Error& error) {
    notice("classes are left out: {}", error.what());
    return {};
  }
}

}  // namespace picovae::tools

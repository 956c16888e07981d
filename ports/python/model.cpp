#include "ports/python/model.hpp"

#include <fmt/core.h>
#include <pybind11/stl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "tools/base/isa.hpp"
#include "tools/base/text.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/measure/evaluation.hpp"

namespace picovae::python {
namespace {

namespace py = pybind11;

std::unique_ptr<tools::Model> load(const std::filesystem::path& path) {
  if (::access(path.c_str(), R_OK) != 0) {
    PyErr_SetFromErrnoWithFilename(PyExc_OSError, path.c_str());
    throw py::error_already_set();
  }
  const py::gil_scoped_release others_run;
  return tools::load_model(path, tools::chosen_kernels());
}

template <typename Values>
py::tuple tuple_of(const Values& values) {
  py::tuple tuple(values.size());
  std::size_t i = 0;
  for (const std::size_t value : values) tuple[i++] = value;
  return tuple;
}

std::string hex(std::uint32_t value) { return fmt::format("{:08x}", value); }

template <typename T>
std::size_t rows_of(const Array<T>& array) {
  return static_cast<std::size_t>(array.shape(0));
}

}  // namespace

Model::Model(const std::filesystem::path& path)
    : model_(load(path)),
      size_(tools::image_size(model_->dimensions().pixels, model_->header().columns)) {}

py::tuple Model::shape() const {
  return py::tuple(py::cast(tools::widths_of(model_->dimensions())));
}

std::string Model::type() const { return std::string{tools::type_name(model_->header().type)}; }

std::string Model::model_id() const { return hex(model_->header().model_id); }

std::optional<std::string> Model::signature() const {
  if (model_->header().type != Type::kS8) return std::nullopt;
  return hex(model_->header().signature);
}

py::tuple Model::classes() const { return tuple_of(model_->classes()); }

py::tuple Model::encode(const py::object& images) const {
  const auto x = images_argument(images, size_);
  const std::size_t count = rows_of(x), latent = model_->dimensions().latent;
  py::array_t<float> mu({count, latent}), logvar({count, latent});
  float* const codes[] = {mu.mutable_data(), logvar.mutable_data()};
  run([&](tools::Model& model) {
    model.encode(values_of(x), codes[0], codes[1]);
    for (const float* values : codes) {
      for (std::size_t i = 0; i < count * latent; ++i) tools::require_finite({values[i]}, "a code");
    }
  });
  return py::make_tuple(mu, logvar);
}

py::array Model::decode(const py::object& z) const {
  const auto latents = latents_argument(z, model_->dimensions().latent);
  auto pixels = new_images<std::uint8_t>(rows_of(latents));
  std::uint8_t* const out = pixels.mutable_data();
  run([&](tools::Model& model) { model.decode(values_of(latents), out); });
  return pixels;
}

py::array Model::decode_logits(const py::object& z) const {
  const auto latents = latents_argument(z, model_->dimensions().latent);
  auto logits = new_images<float>(rows_of(latents));
  float* const out = logits.mutable_data();
  run([&](tools::Model& model) { model.decode_logits(values_of(latents), out); });
  return logits;
}

py::array Model::generate(const py::object& count, const py::object& seed, const py::object& first,
                          const py::object& digit) const {
  constexpr std::uint64_t kNumbers = std::uint64_t{1} << 32;
  const std::uint64_t from = whole_argument("first", first, kNumbers - 1);
  const std::size_t total = whole_argument("count", count, kNumbers - from);
  const std::uint64_t of = whole_argument("seed", seed, std::numeric_limits<std::uint64_t>::max());
  std::optional<std::uint8_t> label;
  if (!digit.is_none()) label = class_argument(digit);
  auto pixels = new_images<std::uint8_t>(total);
  std::uint8_t* const out = pixels.mutable_data();
  run([&](tools::Model& model) {
    const auto number = static_cast<std::uint32_t>(from);
    if (label) {
      model.generate_class(of, *label, number, total, out);
    } else {
      model.generate(of, number, total, out);
    }
  });
  return pixels;
}

py::array Model::reconstruct(const py::object& images) const {
  const auto x = images_argument(images, size_);
  auto pixels = new_images<std::uint8_t>(rows_of(x));
  std::uint8_t* const out = pixels.mutable_data();
  run([&](tools::Model& model) { model.reconstruct(values_of(x), out); });
  return pixels;
}

py::array_t<ScoreRow> Model::score(const py::object& images) const {
  const auto x = images_argument(images, size_);
  py::array_t<ScoreRow> rows(static_cast<py::ssize_t>(x.shape(0)));
  const std::span out(rows.mutable_data(), rows_of(x));
  run([&](tools::Model& model) {
    std::vector<tools::ImageScore> scores(out.size());
    model.score(values_of(x), scores.data());
    std::transform(scores.begin(), scores.end(), out.begin(), [](const tools::ImageScore& score) {
      const ScoreRow row{score.reconstruction, score.kl,         score.entropy,
                         score.squares,        score.neg_elbo(), score.excess()};
      tools::require_finite({row.neg_elbo, row.excess, row.squares}, "a score");
      return row;
    });
  });
  return rows;
}

template <typename Work>
void Model::run(const Work& work) const {
  const py::gil_scoped_release others_run;
  std::unique_ptr<tools::Model> own;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      own = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!own) own = model_->clone();
  work(*own);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(own));
}

template <typename T>
py::array_t<T> Model::new_images(std::size_t count) const {
  return py::array_t<T>({count, size_.height, size_.width});
}

std::uint8_t Model::class_argument(const py::object& digit) const {
  const auto known = model_->classes();
  if (known.empty()) {
    throw py::value_error("digit: the model knows no classes; fit them: picovae classes");
  }
  const auto label = whole_argument("digit", digit, 255);
  if (std::find(known.begin(), known.end(), label) == known.end()) {
    throw py::value_error(fmt::format("digit: the model has no class {}; it has {}", label,
                                      tools::joined(known, ", ")));
  }
  return static_cast<std::uint8_t>(label);
}

}  // namespace picovae::python

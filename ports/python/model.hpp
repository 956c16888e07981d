// picovae.Model: a model file over arrays of NumPy.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/python/arguments.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/grid.hpp"

namespace picovae::python {

// What an image costs: the columns of `picovae score --csv`.
struct ScoreRow {
  double reconstruction, kl, entropy, squares, neg_elbo, excess;
};

// picovae.pyi says what each function takes and gives. They work without the GIL, on the calling
// thread, and several may run at once. Arguments are checked while the GIL is held.
class Model {
 public:
  // Throws OSError if the file cannot be opened, tools::Error (a RuntimeError) if it is damaged or
  // is no model.
  explicit Model(const std::filesystem::path& path);

  pybind11::tuple shape() const;
  pybind11::tuple image_shape() const { return pybind11::make_tuple(size_.height, size_.width); }
  std::string type() const;
  std::string model_id() const;
  std::optional<std::string> signature() const;
  pybind11::tuple classes() const;

  pybind11::tuple encode(const pybind11::object& images) const;
  pybind11::array decode(const pybind11::object& z) const;
  pybind11::array decode_logits(const pybind11::object& z) const;
  pybind11::array generate(const pybind11::object& count, const pybind11::object& seed,
                           const pybind11::object& first, const pybind11::object& digit) const;
  pybind11::array reconstruct(const pybind11::object& images) const;
  pybind11::array_t<ScoreRow> score(const pybind11::object& images) const;

 private:
  // Calls work(tools::Model&) without the GIL, on a model that no other call has meanwhile.
  template <typename Work>
  void run(const Work& work) const;

  // [count][height][width].
  template <typename T>
  pybind11::array_t<T> new_images(std::size_t count) const;

  std::uint8_t class_argument(const pybind11::object& digit) const;

  std::unique_ptr<const tools::Model> model_;
  tools::ImageSize size_;
  // Clones that no call has: making one takes longer than to decode an image.
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<tools::Model>> idle_;
};

}  // namespace picovae::python

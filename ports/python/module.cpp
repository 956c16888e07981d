// import picovae: names and arguments. picovae.pyi documents them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstddef>
#include <filesystem>

#include "picovae/version.h"
#include "ports/python/model.hpp"

namespace py = pybind11;
using picovae::python::Model;
using picovae::python::ScoreRow;

PYBIND11_MODULE(picovae, module) {
  module.doc() = "Variational autoencoders of picovae over arrays of NumPy";
  module.attr("__version__") = PICOVAE_VERSION;
  PYBIND11_NUMPY_DTYPE(ScoreRow, reconstruction, kl, entropy, squares, neg_elbo, excess);

  py::class_<Model>(module, "Model")
      .def(py::init<const std::filesystem::path&>(), py::arg("path"))
      .def_property_readonly("shape", &Model::shape)
      .def_property_readonly("image_shape", &Model::image_shape)
      .def_property_readonly("type", &Model::type)
      .def_property_readonly("model_id", &Model::model_id)
      .def_property_readonly("signature", &Model::signature)
      .def_property_readonly("classes", &Model::classes)
      .def("encode", &Model::encode, py::arg("images"), "Posteriors (mu, logvar) of images")
      .def("decode", &Model::decode, py::arg("z"), "Images of latent vectors")
      .def("decode_logits", &Model::decode_logits, py::arg("z"),
           "Bernoulli logits of latent vectors")
      .def("generate", &Model::generate, py::arg("count"), py::arg("seed") = 1,
           py::arg("first") = 0, py::arg("digit") = py::none(), "Images drawn from the prior")
      .def("reconstruct", &Model::reconstruct, py::arg("images"),
           "Images decoded from the means of their posteriors")
      .def("score", &Model::score, py::arg("images"), "How far images are from normal");
}

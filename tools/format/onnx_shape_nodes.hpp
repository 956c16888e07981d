// Nodes of ONNX that compute no layer: constants, and shapes, which exporters compute in the graph
// itself to turn images into rows.
#pragma once

#include <deque>

#include "tools/format/onnx_reader.hpp"
#include "tools/format/onnx_shapes.hpp"
#include "tools/format/onnx_values.hpp"

namespace picovae::tools {

// A function an operator, on the node that is looked at.
class OnnxShapeNodes : protected OnnxNodeView {
 protected:
  using OnnxNodeView::OnnxNodeView;

  // Constants under names of their own.
  void constant();
  void blank();  // ConstantOfShape
  void identity();
  void transpose();

  // Shapes, and rows that get another one.
  void combine_sides(SideOperation operation);  // Add, Mul and Div of two shapes
  void shape();
  void gather();
  void concat();
  void unsqueeze();
  void flatten();
  void reshape();

 private:
  std::deque<OnnxConstant> made_;  // by nodes; values_ points into it
};

}  // namespace picovae::tools

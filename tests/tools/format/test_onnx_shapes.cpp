#include "tools/format/onnx_shapes.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

namespace {

using namespace picovae::tools;

}  // namespace

TEST_CASE("sides of shapes, and what is computed of them") {
  CHECK(sides_of({0, 100}) == OnnxSides{kFreeSide, 100});
  CHECK(combined({100}, {2}, SideOperation::kDivide) == OnnxSides{50});
  CHECK(combined({kFreeSide, 100}, {1}, SideOperation::kAdd) == OnnxSides{kFreeSide, 101});
  CHECK(combined({2}, {3, 4}, SideOperation::kMultiply) == OnnxSides{6, 8});
  CHECK(combined({INT64_MAX}, {2}, SideOperation::kMultiply) == OnnxSides{kFreeSide});
  CHECK(combined({1}, {0}, SideOperation::kDivide) == std::nullopt);
  CHECK(combined({kFreeSide}, {0}, SideOperation::kDivide) == std::nullopt);
  CHECK(combined({1, 2}, {1, 2, 3}, SideOperation::kAdd) == std::nullopt);
  CHECK(combined({}, {1}, SideOperation::kAdd) == std::nullopt);
}

TEST_CASE("images become rows") {
  CHECK(flattened({0, 1, 28, 28}) == OnnxShape{0, 784});
  CHECK(flattened({3, 0, 28}) == OnnxShape{3, 0});
  CHECK(flattened({0, 4194305, 4194305, 4194305}) == OnnxShape{0, 0});  // 2^66 and more
  const OnnxShape images{0, 1, 28, 28};
  const OnnxShape rows{0, 784};
  CHECK(reshaped(images, {-1, 784}, true) == rows);
  CHECK(reshaped(images, {0, -1}, true) == rows);
  CHECK(reshaped(images, {kFreeSide, -1}, true) == rows);
  CHECK(reshaped(images, {3, -1}, true) == OnnxShape{3, 784});
  CHECK(reshaped({3, 28, 28}, {3, -1}, true) == OnnxShape{3, 784});
  CHECK(reshaped(rows, {-1, 1, 28, 28}, true) == images);
  CHECK(reshaped(rows, {kFreeSide, 28, -1}, true) == OnnxShape{0, 28, 28});
  CHECK(reshaped({}, {-1, 784}, true) == rows);
  CHECK(reshaped({0, 0, 28}, {0, -1}, true) == OnnxShape{0, 0});
}

TEST_CASE("shapes that are none") {
  const OnnxShape rows{0, 784};
  for (const OnnxSides& to : std::vector<OnnxSides>{
           {}, {-1, -1}, {-2, 784}, {784, kFreeSide}, {0, 0, 0}, {-1, INT64_MAX}}) {
    CHECK(reshaped(rows, to, true) == std::nullopt);
  }
  CHECK(reshaped(rows, {0, 784}, false) == std::nullopt);
  CHECK(reshaped({4, 784}, {2, -1}, true) == std::nullopt);
}

#include "tools/train/warp.hpp"

#include <algorithm>
#include <cmath>

#include "picovae/shape.hpp"

namespace picovae::tools {
namespace {

constexpr float kMostTurn = 8 * 3.14159265F / 180;
constexpr float kMostScale = 0.06F;
constexpr float kMostSlant = 0.08F;
constexpr float kContrast = 1.17F;

constexpr std::size_t kTaps = 4;  // values that a spline reads, two on either side of a place
constexpr std::size_t kBorder = 2;

// In -1..1.
float symmetric(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word)) * 0x1p-31F;
}

struct Point {
  float y, x;  // rows, columns
};

// Where the pixel of a warped image at `from` the centre comes from, from the centre.
class Affine {
 public:
  explicit Affine(const std::array<std::uint32_t, kWarpChances>& chances) {
    const float turn = kMostTurn * symmetric(chances[0]);
    const float tall = 1 + kMostScale * symmetric(chances[1]);
    const float wide = 1 + kMostScale * symmetric(chances[2]);
    const float slant = kMostSlant * symmetric(chances[3]);
    // Taylor's series; the next terms are below 1e-7 for turns as small as these.
    const float square = turn * turn;
    const float sine = turn * (1 - square / 6 * (1 - square / 20));
    const float cosine = 1 - square / 2 * (1 - square / 12);
    yy_ = cosine * tall;
    yx_ = sine * wide;
    xy_ = slant - sine * tall;
    xx_ = cosine * wide;
  }

  Point operator()(Point from) const {
    return {yy_ * from.y + yx_ * from.x, xy_ * from.y + xx_ * from.x};
  }

 private:
  float yy_, yx_, xy_, xx_;
};

// The mean place of the light; the middle of a black image.
Point centre_of_mass(std::span<const std::uint8_t> image, std::size_t columns) {
  std::uint64_t sum = 0, rows_sum = 0, columns_sum = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    sum += image[i];
    rows_sum += image[i] * (i / columns);
    columns_sum += image[i] * (i % columns);
  }
  if (sum == 0) {
    const std::size_t rows = image.size() / columns;
    return {static_cast<float>(rows - 1) / 2, static_cast<float>(columns - 1) / 2};
  }
  const auto mean = [&](std::uint64_t of) {
    return static_cast<float>(static_cast<double>(of) / static_cast<double>(sum));
  };
  return {mean(rows_sum), mean(columns_sum)};
}

// Weights of the four values around a place `t` behind the second (Catmull and Rom 1974).
std::array<float, kTaps> spline(float t) {
  return {0.5F * t * (t * (2 - t) - 1), 0.5F * (t * t * (3 * t - 5) + 2),
          0.5F * t * (t * (4 - 3 * t) + 1), 0.5F * t * t * (t - 1)};
}

// An image with zeros around it, so that splines need not look where it ends.
class Bordered {
 public:
  Bordered(std::span<const std::uint8_t> image, std::size_t columns)
      : rows_(image.size() / columns),
        columns_(columns),
        stride_(columns + 2 * kBorder),
        values_() {
    for (std::size_t y = 0; y < rows_; ++y) {
      std::copy_n(&image[y * columns], columns, &values_[(y + kBorder) * stride_ + kBorder]);
    }
  }

  // 0..255, or a little beyond.
  float at(Point point) const {
    const float row = std::floor(point.y), column = std::floor(point.x);
    if (row < -1 || row >= static_cast<float>(rows_) || column < -1 ||
        column >= static_cast<float>(columns_)) {
      return 0;  // only the ends of the spline reach the image, and they are negative
    }
    const auto down = spline(point.y - row), right = spline(point.x - column);
    const std::uint8_t* from = &values_[static_cast<std::size_t>(row + 1) * stride_ +
                                        static_cast<std::size_t>(column + 1)];
    float sum = 0;
    for (std::size_t y = 0; y < kTaps; ++y, from += stride_) {
      sum += down[y] *
             (right[0] * from[0] + right[1] * from[1] + right[2] * from[2] + right[3] * from[3]);
    }
    return sum;
  }

 private:
  // The largest image is a single row or column.
  static constexpr std::size_t kMost = (kMaxWidth + 2 * kBorder) * (1 + 2 * kBorder);

  std::size_t rows_, columns_, stride_;
  std::array<std::uint8_t, kMost> values_;
};

}  // namespace

void warp_image(std::span<const std::uint8_t> image, std::size_t columns,
                const std::array<std::uint32_t, kWarpChances>& chances, std::uint8_t* warped) {
  const Affine affine(chances);
  const Point centre = centre_of_mass(image, columns);
  const Bordered source(image, columns);
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t row = i / columns, column = i % columns;
    const Point from =
        affine({static_cast<float>(row) - centre.y, static_cast<float>(column) - centre.x});
    const float value = source.at({centre.y + from.y, centre.x + from.x});
    const float contrasted = (value - 127.5F) * kContrast + 127.5F;
    warped[i] = static_cast<std::uint8_t>(std::clamp(contrasted, 0.0F, 255.0F) + 0.5F);
  }
}

}  // namespace picovae::tools

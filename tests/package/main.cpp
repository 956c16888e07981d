#include <cstdio>

#include "picovae/vae.hpp"

int main() {
  static picovae::DecoderArena<picovae::MnistShape, picovae::Integer> arena;
  picovae::Vae<picovae::MnistShape, picovae::Integer> vae;
  std::uint8_t pixels[784];
  if (vae.open({}, picovae::select_kernels()) != picovae::Status::kTruncated) return 1;
  if (vae.generate(1, 0, pixels, arena) != picovae::Status::kNotOpen) return 1;
  std::puts(picovae::message(picovae::Status::kNotOpen));
}

// The same program on every board: opens the model in flash, verifies it, tests each layer on its
// golden input, draws a digit, and computes the signatures that are in the model's header. Ends
// with 0 only if all is right. run.py reads the lines of `key value`.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "measure.hpp"
#include "picovae/signature.hpp"
#include "picovae/vae.hpp"
#include "port.hpp"
#include "write.hpp"

#if !defined(PICOVAE_SHAPE) || !defined(PICOVAE_KERNELS) || !defined(PICOVAE_ENCODER) || \
    !defined(PICOVAE_DIGITS) || !defined(PICOVAE_PICTURE)
#error "CMake sets these"
#endif

namespace picovae {
namespace {

using DemoShape = Shape<PICOVAE_SHAPE>;

constexpr std::uint32_t kDigits = PICOVAE_DIGITS;

// What the engine needs, and one picture: static, so that the linker accounts for it. A template,
// so that a demo without an encoder has neither its code nor its arena.
template <typename DemoArena>
struct Demo {
  static constexpr bool kEncoder = std::is_same_v<DemoArena, Arena<DemoShape, Integer>>;
  using Latents = std::array<std::int16_t, DemoShape::kLatent>;

  static inline Vae<DemoShape, Integer> vae;
  static inline DemoArena arena;
  static inline std::array<std::uint8_t, DemoShape::kPixels> pixels;
  static inline Latents z, logvar;

  static Status open() { return vae.open(port::model(), PICOVAE_KERNELS); }
  static Status verify() { return vae.verify(); }
  static Status self_test() {
    Layer differs{};
    const Status status = vae.self_test(arena, differs);
    if (status == Status::kWrongOutput) port::write_decimal("wrong output of layer ", differs);
    return status;
  }
  static Status decode() { return vae.decode(z.data(), pixels.data(), decoder_of(arena)); }
  static Status encode() {
    return vae.encode(pixels.data(), z.data(), logvar.data(), arena.encoder);
  }

  // As square as the pixels divide, and wider than high.
  static constexpr std::size_t kRows = [] {
    std::size_t rows = 1;
    for (std::size_t n = 1; n * n <= DemoShape::kPixels; ++n) {
      if (DemoShape::kPixels % n == 0) rows = n;
    }
    return rows;
  }();
  static constexpr std::size_t kColumns = DemoShape::kPixels / kRows;

  // "P5 28 28 255"
  static constexpr std::array<char, 20> kPgmHeader = [] {
    std::array<char, 20> text{'P', '5', ' '};
    std::size_t at = 3;
    for (const std::size_t side : {kColumns, kRows}) {
      for (std::size_t unit = 1000; unit != 0; unit /= 10) {
        if (side >= unit) text[at++] = static_cast<char>('0' + side / unit % 10);
      }
      text[at++] = ' ';
    }
    for (const char c : {'2', '5', '5', '\n'}) text[at++] = c;
    return text;
  }();

  // A character for two pixels, one above the other: about square on a terminal.
  static void draw() {
    for (std::size_t row = 0; row < kRows; row += 2) {
      const std::uint8_t* upper = pixels.data() + row * kColumns;
      const std::uint8_t* lower = row + 1 < kRows ? upper + kColumns : upper;
      std::array<char, kColumns + 2> line{};
      for (std::size_t i = 0; i < kColumns; ++i) {
        const int light = upper[i] + lower[i];  // 0..510
        line[i] = " .:-=+*#%@"[light / 52];
      }
      line[kColumns] = '\n';
      port::write(line.data());
    }
  }

  static int run() {
    port::measure("open_instructions ", open);
    port::measure("verify_instructions ", verify);
    port::measure("self_test_instructions ", self_test);
    normals(kSignatureSeed, Purpose::kPrior, 0, 0, z.data(), z.size());  // as generate does
    port::measure("decode_instructions ", decode);
    draw();
    if constexpr (PICOVAE_PICTURE) {
      if (!port::write_file("digit.pgm", kPgmHeader.data(), std::as_bytes(std::span(pixels)))) {
        port::write("failed: cannot write digit.pgm\n");
        return 1;
      }
    }
    if constexpr (kEncoder) port::measure("encode_instructions ", encode);

    Signatures signatures;
    port::stop_unless_ok(sign_digits(vae, arena, pixels.data(), signatures, kDigits));
    port::write_hexadecimal("signature ", signatures.generated);
    if constexpr (kEncoder) {
      port::write_hexadecimal("signature_reconstruct ", signatures.reconstructed);
    }

    const port::Memory memory = port::memory();
    port::write_decimal("ram ", memory.fixed + memory.stack_reserved);
    port::write_decimal("stack ", memory.stack_used);

    const BlobHeader& header = *vae.view().header;
    if (kDigits == kSignatureDigits && (signatures.generated != header.signature ||
                                        signatures.reconstructed != header.signature_reconstruct)) {
      port::write("failed: another signature than the model's\n");
      return 1;
    }
    return 0;
  }
};

}  // namespace
}  // namespace picovae

int picovae_program() {
  using namespace picovae;
  using DemoArena = std::conditional_t<PICOVAE_ENCODER, Arena<DemoShape, Integer>,
                                       DecoderArena<DemoShape, Integer>>;
  return Demo<DemoArena>::run();
}

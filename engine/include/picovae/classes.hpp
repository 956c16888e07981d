// One class on demand: for each class of the data set a Gaussian over the latents that its codes
// use, fitted off line. It is a section that a reader may skip; a firmware that never asks
// for a class has no code for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/standard.hpp"
#include "picovae/status.h"

namespace picovae {

inline constexpr std::size_t kMaxClasses = 64;
inline constexpr int kMaxClassShift = 15;  // and at least 1

// Starts the section; u16 unit[units], s16 mean[classes][units], u8 label[classes] and s8
// factor[classes][units * (units + 1) / 2] follow without a gap.
struct ClassHeader {
  std::uint8_t classes;     // 1..kMaxClasses
  std::uint8_t shift;       // 1..kMaxClassShift
  std::uint16_t units;      // 1..latent
  std::uint32_t signature;  // s8: signature.hpp; else 0
};
static_assert(sizeof(ClassHeader) == 8);

// Bytes of a section.
constexpr std::size_t class_section_size(std::size_t classes, std::size_t units) {
  return sizeof(ClassHeader) + units * sizeof(std::uint16_t) +
         classes * (units * sizeof(std::int16_t) + 1 + units * (units + 1) / 2);
}

// Pointers into a checked section, valid as long as the blob is.
struct ClassPriors {
  const ClassHeader* header = nullptr;
  const std::uint16_t* unit = nullptr;  // [units], ascending: which latents
  const std::int16_t* mean = nullptr;   // [classes][units], Q3.10
  const std::uint8_t* label = nullptr;  // [classes], ascending
  const std::int8_t* factor = nullptr;  // [classes][units * (units + 1) / 2]: the rows of a
                                        // lower-triangular matrix; real = factor / 2^shift

  span<const std::uint8_t> labels() const { return {label, header->classes}; }
};

// Finds and checks the class section of a view that open_blob accepted: cheap, a few operations a
// unit and a class. Fills `priors` if it returns kOk.
// Returns kOk, kNoClasses, kMisplacedSection, kDuplicateSection, kBadSectionSize or kBadClasses.
Status find_classes(const BlobView& view, ClassPriors& priors);

// Draws the latents of digit `number` of a seed and a class: N(mean, factor factor^T) of the units,
// N(0, 1) of the other latents, which the decoder of such a model hardly looks at.
//   priors  of find_classes
//   label   of the class
//   z       [latent] out, Q3.10 within +-kMaxLatent
//   latent  of the model
// Returns kOk or kNoSuchClass.
Status draw_class(const ClassPriors& priors, std::uint8_t label, std::uint64_t seed,
                  std::uint32_t number, std::int16_t* z, std::size_t latent);

}  // namespace picovae

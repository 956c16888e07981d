// Every way in which the engine can refuse. Nothing throws; nothing aborts.
#pragma once

#include <cstdint>

namespace picovae {

enum class Status : std::uint8_t {
  kOk,
  kTruncated,            // fewer bytes than the header or the declared size
  kMisaligned,           // the blob does not start at a multiple of kBlobAlignment
  kBadMagic,             // not a picovae blob
  kUnknownVersion,       // a format version that this engine does not read
  kBadHeaderChecksum,    // header or section table changed since they were written
  kWrongShape,           // a model of other dimensions than this Vae's
  kWrongType,            // integer weights in a float Vae, or the reverse
  kUnsupportedKernel,    // the kernels given cannot run this weight type or layout
  kBadType,              // a weight type or layout that does not exist, or a pair that does not
  kBadDimensions,        // a layer of width 0 or above kMaxWidth
  kBadParts,             // neither encoder nor decoder, or a part that does not exist
  kBadReserved,          // reserved bytes not zero, or a flag that does not exist
  kBadTable,             // a declared size that has no room for the section table
  kMisalignedSection,    // a section's offset is no multiple of kBlobAlignment
  kSectionOutOfRange,    // a section reaches beyond the declared size
  kOverlappingSections,  // a section starts within the table or the section before
  kUnknownSection,       // a kind that this engine must not pass over
  kMisplacedSection,     // a layer, or a kind for that layer, that the model has not
  kBadSectionSize,       // a section of another size than its layer wants
  kDuplicateSection,     // a layer's section for the second time
  kMissingSection,       // a layer without weights, bias or requantization
  kBadShift,             // a shift outside its legal range
  kBadScale,             // a multiplier or rescale outside its legal range
  kBadClasses,           // class priors with a field, a unit or a label outside its legal range
  kBadSectionChecksum,   // a section changed since it was written
  kBadPadding,           // bytes between sections, or padding within them, not zero
  kAccumulatorOverflow,  // a row whose sums could leave their proven range
  kNotOpen,              // the Vae was never opened successfully
  kNoEncoder,            // a decoder-only model
  kNoDecoder,            // an encoder-only model
  kBatchTooLarge,        // more images than the arena has rows
  kNoGolden,             // a model without golden inputs: f32, or packed without them
  kWrongOutput,          // self_test: a layer gives other outputs than those in the model
  kNoClasses,            // a model without class priors
  kNoSuchClass,          // a label that none of the model's classes has
};

// One line for a person: what is wrong and what to do. Static storage.
constexpr const char* message(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kTruncated:
      return "the model is truncated; copy it again";
    case Status::kMisaligned:
      return "the model must start at an address that is a multiple of 64; align it";
    case Status::kBadMagic:
      return "not a picovae model";
    case Status::kUnknownVersion:
      return "written in a format version that this engine does not read; quantize it again";
    case Status::kBadHeaderChecksum:
      return "the header is damaged (its CRC-32C differs); copy the model again";
    case Status::kWrongShape:
      return "a model of another shape than this engine is built for";
    case Status::kWrongType:
      return "float weights where integers are wanted, or the reverse";
    case Status::kUnsupportedKernel:
      return "not for these kernels; repack the model: picovae export --layout";
    case Status::kBadType:
      return "the header names a weight type or layout that does not exist; quantize the model "
             "again";
    case Status::kBadDimensions:
      return "the header has a layer of width 0 or above 4096; quantize the model again";
    case Status::kBadParts:
      return "the header names neither encoder nor decoder; quantize the model again";
    case Status::kBadReserved:
      return "reserved bytes are not zero; a later picovae may have written the model";
    case Status::kBadTable:
      return "the declared size has no room for the section table; copy the model again";
    case Status::kMisalignedSection:
      return "a section does not start at a multiple of 64; pack the model again";
    case Status::kSectionOutOfRange:
      return "a section reaches beyond the end of the model; pack the model again";
    case Status::kOverlappingSections:
      return "sections overlap or are out of order; pack the model again";
    case Status::kUnknownSection:
      return "a section that this engine does not know; a later picovae wrote the model";
    case Status::kMisplacedSection:
      return "a section belongs to no layer of the model; pack the model again";
    case Status::kBadSectionSize:
      return "a section has another size than its layer wants; pack the model again";
    case Status::kDuplicateSection:
      return "a section stands in the model twice; pack the model again";
    case Status::kMissingSection:
      return "a section that a layer needs is missing";
    case Status::kBadShift:
      return "a shift is outside its legal range";
    case Status::kBadScale:
      return "a multiplier or rescale is outside its legal range";
    case Status::kBadClasses:
      return "a number of the class priors is outside its legal range";
    case Status::kBadSectionChecksum:
      return "a section is damaged (its CRC-32C differs); copy the model again";
    case Status::kBadPadding:
      return "padding that is not zero; copy the model again";
    case Status::kAccumulatorOverflow:
      return "a row's sums could overflow; quantize the model again";
    case Status::kNotOpen:
      return "no model is open";
    case Status::kNoEncoder:
      return "the model has no encoder";
    case Status::kNoDecoder:
      return "the model has no decoder";
    case Status::kBatchTooLarge:
      return "more images in a call than the arena has rows";
    case Status::kNoGolden:
      return "the model carries no golden inputs; quantize it again";
    case Status::kWrongOutput:
      return "a layer computes other outputs than the model says; its weights or kernels are "
             "damaged";
    case Status::kNoClasses:
      return "the model knows no classes; fit them: picovae classes";
    case Status::kNoSuchClass:
      return "the model has no class of that label";
  }
  return "unknown status";
}

}  // namespace picovae

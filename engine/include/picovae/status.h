// Every way in which the engine can refuse, for C and for C++: picovae_status and picovae::Status
// are made from one list and have the same numbers. Nothing throws; nothing aborts.
#pragma once

// X(number, name in C++, name in C, message). A message is one line for a person: what is wrong
// and what to do. Numbers never change, since boards print them; a new status takes the next one.
#define PICOVAE_STATUSES(X)                                                                        \
  X(0, kOk, PICOVAE_OK, "ok")                                                                      \
  /* Fewer bytes than the header or the declared size. */                                          \
  X(1, kTruncated, PICOVAE_TRUNCATED, "the model is truncated; copy it again")                     \
  /* The model does not start at a multiple of 64. */                                              \
  X(2, kMisaligned, PICOVAE_MISALIGNED,                                                            \
    "the model must start at an address that is a multiple of 64; align it")                       \
  X(3, kBadMagic, PICOVAE_BAD_MAGIC, "not a picovae model")                                        \
  X(4, kUnknownVersion, PICOVAE_UNKNOWN_VERSION,                                                   \
    "written in a format version that this engine does not read; quantize it again")               \
  /* Header or section table changed since they were written. */                                   \
  X(5, kBadHeaderChecksum, PICOVAE_BAD_HEADER_CHECKSUM,                                            \
    "the header is damaged (its CRC-32C differs); copy the model again")                           \
  X(6, kWrongShape, PICOVAE_WRONG_SHAPE, "a model of another shape than this engine is built for") \
  /* Integer weights in a float Vae, or the reverse; calls of picovae.h take integer weights. */   \
  X(7, kWrongType, PICOVAE_WRONG_TYPE,                                                             \
    "float weights, but this call takes integer weights, or the reverse")                          \
  /* The kernels given cannot run this weight type or layout. */                                   \
  X(8, kUnsupportedKernel, PICOVAE_UNSUPPORTED_KERNEL,                                             \
    "not for these kernels; repack the model: picovae export --layout")                            \
  X(9, kBadType, PICOVAE_BAD_TYPE,                                                                 \
    "the header names a weight type or layout that does not exist; quantize the model again")      \
  X(10, kBadDimensions, PICOVAE_BAD_DIMENSIONS,                                                    \
    "the header has a layer of width 0 or above 4096; quantize the model again")                   \
  /* Neither encoder nor decoder, or a part that does not exist. */                                \
  X(11, kBadParts, PICOVAE_BAD_PARTS,                                                              \
    "the header names neither encoder nor decoder; quantize the model again")                      \
  /* Reserved bytes not zero, or a flag that does not exist. */                                    \
  X(12, kBadReserved, PICOVAE_BAD_RESERVED,                                                        \
    "reserved bytes are not zero; a later picovae may have written the model")                     \
  X(13, kBadTable, PICOVAE_BAD_TABLE,                                                              \
    "the declared size has no room for the section table; copy the model again")                   \
  X(14, kMisalignedSection, PICOVAE_MISALIGNED_SECTION,                                            \
    "a section does not start at a multiple of 64; pack the model again")                          \
  X(15, kSectionOutOfRange, PICOVAE_SECTION_OUT_OF_RANGE,                                          \
    "a section reaches beyond the end of the model; pack the model again")                         \
  /* A section starts within the table or the section before. */                                   \
  X(16, kOverlappingSections, PICOVAE_OVERLAPPING_SECTIONS,                                        \
    "sections overlap or are out of order; pack the model again")                                  \
  /* A kind that this engine must not skip. */                                                     \
  X(17, kUnknownSection, PICOVAE_UNKNOWN_SECTION,                                                  \
    "a section that this engine does not know; a later picovae wrote the model")                   \
  /* A layer that the model does not have, or a kind that the layer does not have. */              \
  X(18, kMisplacedSection, PICOVAE_MISPLACED_SECTION,                                              \
    "a section belongs to no layer of the model; pack the model again")                            \
  X(19, kBadSectionSize, PICOVAE_BAD_SECTION_SIZE,                                                 \
    "a section has another size than its layer needs; pack the model again")                       \
  X(20, kDuplicateSection, PICOVAE_DUPLICATE_SECTION,                                              \
    "the model has a section twice; pack the model again")                                         \
  /* A layer without weights, bias, multiplier or rescale. */                                      \
  X(21, kMissingSection, PICOVAE_MISSING_SECTION, "a section that a layer needs is missing")       \
  X(22, kBadShift, PICOVAE_BAD_SHIFT, "a shift is outside its legal range")                        \
  X(23, kBadScale, PICOVAE_BAD_SCALE, "a multiplier or rescale is outside its legal range")        \
  /* Class priors with a field, a unit or a label outside its legal range. */                      \
  X(24, kBadClasses, PICOVAE_BAD_CLASSES,                                                          \
    "a number of the class priors is outside its legal range")                                     \
  /* verify: a section changed since it was written. */                                            \
  X(25, kBadSectionChecksum, PICOVAE_BAD_SECTION_CHECKSUM,                                         \
    "a section is damaged (its CRC-32C differs); copy the model again")                            \
  /* verify: bytes between sections, or padding within them, not zero. */                          \
  X(26, kBadPadding, PICOVAE_BAD_PADDING, "padding that is not zero; copy the model again")        \
  /* verify: an output whose sums could leave their proven range. */                               \
  X(27, kAccumulatorOverflow, PICOVAE_ACCUMULATOR_OVERFLOW,                                        \
    "a row's sums could overflow; quantize the model again")                                       \
  /* open was never called, or failed. */                                                          \
  X(28, kNotOpen, PICOVAE_NOT_OPEN, "no model is open")                                            \
  X(29, kNoEncoder, PICOVAE_NO_ENCODER, "the model has no encoder")                                \
  X(30, kNoDecoder, PICOVAE_NO_DECODER, "the model has no decoder")                                \
  /* C++ only: calls of picovae.h take one image. */                                               \
  X(31, kBatchTooLarge, PICOVAE_BATCH_TOO_LARGE, "more images in a call than the arena has rows")  \
  /* Float models have no golden inputs, nor have models that were packed without them. */         \
  X(32, kNoGolden, PICOVAE_NO_GOLDEN, "the model has no golden inputs; quantize it again")         \
  X(33, kWrongOutput, PICOVAE_WRONG_OUTPUT,                                                        \
    "a layer computes other outputs than the model says; its weights or kernels are damaged")      \
  X(34, kNoClasses, PICOVAE_NO_CLASSES, "the model has no classes; fit them: picovae classes")     \
  X(35, kNoSuchClass, PICOVAE_NO_SUCH_CLASS, "the model has no class of that label")               \
  X(36, kMisalignedArena, PICOVAE_MISALIGNED_ARENA,                                                \
    "the arena must start at an address that is a multiple of 64; align it")                       \
  /* As many live pixels as the header says, and dead ones dark: they are not. */                  \
  X(37, kBadLivePixels, PICOVAE_BAD_LIVE_PIXELS,                                                   \
    "the model's list of live pixels is not one; quantize the model again")                        \
  /* No thresholds, or none for so few false alarms. */                                            \
  X(38, kNoThresholds, PICOVAE_NO_THRESHOLDS,                                                      \
    "the model has no such threshold; store them: picovae score --keep")                           \
  X(39, kBadThresholds, PICOVAE_BAD_THRESHOLDS,                                                    \
    "the model's thresholds are out of order or range; store them again: picovae score --keep")    \
  /* A board's engine is built for one: for ReLU if PICOVAE_RELU is defined. */                    \
  X(40, kWrongActivation, PICOVAE_WRONG_ACTIVATION,                                                \
    "hidden layers of another activation than this engine is built for; build it for the model's") \
  /* verify: a golden input of the self-test that no layer below gives. */                         \
  X(41, kBadGolden, PICOVAE_BAD_GOLDEN,                                                            \
    "a golden input is outside its layer's range; quantize the model again")

typedef enum picovae_status {
#define PICOVAE_ENUMERATOR(number, cpp, c, message) c = number,
  PICOVAE_STATUSES(PICOVAE_ENUMERATOR)
#undef PICOVAE_ENUMERATOR
} picovae_status;

#ifdef __cplusplus
namespace picovae {

enum class Status : unsigned char {
#define PICOVAE_ENUMERATOR(number, cpp, c, message) cpp = number,
  PICOVAE_STATUSES(PICOVAE_ENUMERATOR)
#undef PICOVAE_ENUMERATOR
};

// The status's line for a person. Static storage; never null.
inline const char* message(Status status) {
  switch (status) {
#define PICOVAE_CASE(number, cpp, c, message) \
  case Status::cpp:                           \
    return message;
    PICOVAE_STATUSES(PICOVAE_CASE)
#undef PICOVAE_CASE
  }
  return "unknown status";
}

}  // namespace picovae
#endif

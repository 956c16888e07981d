// Class priors: the checks of their section, and drawing from them.
#include "picovae/classes.hpp"

#include "blob_checks.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"

namespace picovae {
namespace {

// `size` is that of the section's table entry, at `start`.
Status check(const BlobHeader& blob, const std::byte* start, std::size_t size,
             ClassPriors& priors) {
  if (size < sizeof(ClassHeader)) return Status::kBadSectionSize;
  const auto& header = *reinterpret_cast<const ClassHeader*>(start);
  const std::size_t classes = header.classes;
  const std::size_t units = header.units;
  const std::size_t latent = blob.dimensions.latent;
  if (classes < 1 || classes > kMaxClasses || header.shift < 1 || header.shift > kMaxClassShift ||
      units < 1 || units > latent) {
    return Status::kBadClasses;
  }
  if (size != class_section_size(classes, units)) return Status::kBadSectionSize;
  const auto* unit = reinterpret_cast<const std::uint16_t*>(start + sizeof(ClassHeader));
  const auto* mean = reinterpret_cast<const std::int16_t*>(unit + units);
  const auto* label = reinterpret_cast<const std::uint8_t*>(mean + classes * units);
  if (!is_sorted<std::uint16_t>(unit, units, 1) || unit[units - 1] >= latent ||
      !is_sorted<std::uint8_t>(label, classes, 1)) {
    return Status::kBadClasses;
  }
  priors = {&header, unit, mean, label, reinterpret_cast<const std::int8_t*>(label + classes)};
  return Status::kOk;
}

}  // namespace

Status find_classes(const BlobView& view, ClassPriors& priors) {
  const Section* found = nullptr;
  const Status status = find_section(*view.header, SectionKind::kClasses, kDecoder0,
                                     view.has(kDecoderPart), Status::kNoClasses, found);
  if (status != Status::kOk) return status;
  return check(*view.header, bytes_of(*view.header).data() + found->offset, found->size, priors);
}

// Nothing overflows, whatever the section holds: |sum| <= 2048 units * 128 * 4428 < 2^31 - 2^14.
static_assert(std::int64_t{kMaxWidth / 2} * 128 * 4428 < (std::int64_t{1} << 31) - (1 << 14));

Status draw_class(const ClassPriors& priors, std::uint8_t label, std::uint64_t seed,
                  std::uint32_t number, std::int16_t* z, std::size_t latent) {
  const ClassHeader& header = *priors.header;
  std::size_t index = 0;
  while (index < header.classes && priors.label[index] != label) ++index;
  if (index == header.classes) return Status::kNoSuchClass;

  normals(seed, Purpose::kClass, label, number, z, latent);
  const std::size_t units = header.units;
  const std::int16_t* mean = priors.mean + index * units;
  // A row reads the normals of its own unit and of those before it: from the last row to the first,
  // it can write its result in their place.
  const std::int8_t* row = priors.factor + (index + 1) * (units * (units + 1) / 2);
  for (std::size_t r = units; r-- > 0;) {
    row -= r + 1;
    std::int32_t sum = 1 << (header.shift - 1);
    for (std::size_t c = 0; c <= r; ++c) sum += row[c] * z[priors.unit[c]];
    z[priors.unit[r]] = clamp_latent(mean[r] + (sum >> header.shift));
  }
  for (std::size_t i = 0; i < latent; ++i) z[i] = clamp_latent(z[i]);
  return Status::kOk;
}

}  // namespace picovae

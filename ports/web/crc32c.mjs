// The checksum of blobs and signatures, as picovae/crc32c.hpp has it.

const TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

// Continues `crc` with bytes. Returns a u32.
export function crc32c(bytes, crc = 0) {
  return ~bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ sum >>> 8, ~crc) >>> 0;
}

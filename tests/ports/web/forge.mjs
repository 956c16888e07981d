import {crc32c} from "../../../ports/web/crc32c.mjs";

// A model that carries another signature than its own, under a checksum that is right (engine/FORMAT.md, "Header").
export function forgeSignature(model) {
  const bytes = Buffer.from(model);
  bytes.writeUInt32LE(1, 24);
  const table = bytes.subarray(64, 64 + 16 * bytes[33]);
  bytes.writeUInt32LE(crc32c(table, crc32c(bytes.subarray(0, 60))), 60);
  return bytes;
}

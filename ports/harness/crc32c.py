"""The checksum of models (engine/FORMAT.md)."""


def _entry(byte):
    for _ in range(8):
        byte = byte >> 1 ^ 0x82f63b78 * (byte & 1)
    return byte


_TABLE = [_entry(byte) for byte in range(256)]


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xff]
    return crc ^ 0xffffffff

// Windows of a sensor in a stream of bytes: '~', the window, '~'. One '~' may be the end of a
// window and the start of the next. In a window '~' and '}' are sent as '}' and the byte with bit 5
// flipped, so that every '~' is a boundary: whatever is lost or added spoils one window, and the
// one behind the next '~' is whole again.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { kWindowMark = '~', kWindowEscape = '}', kWindowFlip = 0x20 };

// All zero it waits for the first mark.
typedef struct window_reader {
  size_t count;  // bytes of this window so far, those without room too
  uint8_t began;
  uint8_t escaped;
} window_reader;

typedef enum window_event {
  WINDOW_NONE,       // go on
  WINDOW_WHOLE,      // of as many bytes as are wanted
  WINDOW_WRONG_SIZE  // of more or fewer, or cut within an escape
} window_event;

// Takes the next byte of the stream.
//   bytes, size  the window, which is written up to its size
//   length       out, at the end of a window: how many bytes it had
static inline window_event window_take(window_reader* reader, uint8_t byte, uint8_t* bytes,
                                       size_t size, size_t* length) {
  if (byte == kWindowMark) {
    const window_reader ended = *reader;
    reader->began = 1;
    reader->count = reader->escaped = 0;
    if (ended.count == 0 && !ended.escaped) return WINDOW_NONE;
    *length = ended.count;
    return ended.count == size && !ended.escaped ? WINDOW_WHOLE : WINDOW_WRONG_SIZE;
  }
  if (!reader->began) return WINDOW_NONE;  // the end of a window whose start nobody heard
  if (byte == kWindowEscape) {
    reader->escaped = 1;
    return WINDOW_NONE;
  }
  if (reader->count < size) {
    bytes[reader->count] = reader->escaped ? (uint8_t)(byte ^ kWindowFlip) : byte;
  }
  if (reader->count < SIZE_MAX) ++reader->count;
  reader->escaped = 0;
  return WINDOW_NONE;
}

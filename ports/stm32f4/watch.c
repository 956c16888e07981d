// Watches a sensor: reads windows of it from the serial line (window.h, usart.h), prints for each
// "normal 123" or "abnormal 456" with its figure, an excess in 1/256 nat, and holds PC12 high, for
// an LED, from an abnormal window to the next normal one. Whoever sends waits for the line before
// the next window: the USART has room for one byte.
#include <stddef.h>
#include <stdint.h>

#include "picovae/picovae.h"
#include "registers.h"
#include "sensor.h"
#include "usart.h"
#include "window.h"

enum { kLed = 12, kPerMille = 999 };  // a false alarm in 1,000 windows
static const picovae_figure kFigure = PICOVAE_EXCESS;

static picovae_vae vae;
static picovae_arena arena;
static window_reader reader;
static uint8_t window[PICOVAE_PIXELS];

static void open_led(void) {
  RCC_AHB1ENR |= 1u << 2;  // GPIOC
  (void)RCC_AHB1ENR;
  GPIOC_MODER = (GPIOC_MODER & ~(3u << 2 * kLed)) | 1u << 2 * kLed;  // an output
}

static void set_led(int on) { GPIOC_BSRR = 1u << (on ? kLed : kLed + 16); }

static picovae_status judge_window(uint32_t threshold) {
  picovae_score score;
  const picovae_status status = picovae_score_image(&vae, window, &score, &arena);
  if (status != PICOVAE_OK) return status;
  const uint32_t figure = picovae_figure_of(&score, kFigure);
  const int abnormal = figure > threshold;
  set_led(abnormal);
  write_line(abnormal ? "abnormal " : "normal ", figure, 10);
  return PICOVAE_OK;
}

static void refuse_window(size_t size) {
  write_text("failed: a window of ");
  write_number((uint32_t)size, 10);
  write_text(" bytes, want ");
  write_number(PICOVAE_PIXELS, 10);
  write_text("; send the next after the line of the last\n");
}

static picovae_status run(void) {
  picovae_status status = picovae_open(&vae, sensor, SENSOR_SIZE, picovae_kernels_board());
  uint32_t threshold = 0;
  if (status == PICOVAE_OK) {
    status = picovae_threshold(&vae, kFigure, kPerMille, &threshold);
  }
  if (status == PICOVAE_OK) write_line("abnormal above ", threshold, 10);
  while (status == PICOVAE_OK) {
    size_t size = 0;
    const window_event event = window_take(&reader, read_byte(), window, sizeof(window), &size);
    if (event == WINDOW_WHOLE) status = judge_window(threshold);
    if (event == WINDOW_WRONG_SIZE) refuse_window(size);
  }
  return status;
}

int main(void) {
  open_usart();
  open_led();
  const picovae_status status = run();  // returns only if something is wrong
  set_led(1);                           // nobody watches
  write_text("failed: ");
  write_text(picovae_message(status));
  write_text("\n");
  for (;;) continue;
}

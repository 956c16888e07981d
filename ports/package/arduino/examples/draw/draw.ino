// Draws a digit a second on the serial monitor.
#include <picovae.h>

static picovae_vae vae;              // pointers into the model
static picovae_decoder_arena arena;  // all the RAM that a digit takes
static uint8_t pixels[PICOVAE_PIXELS];

static void stop_unless_ok(picovae_status status) {
  while (status != PICOVAE_OK) {
    Serial.println(picovae_message(status));
    delay(1000);
  }
}

void setup() {
  Serial.begin(115200);
  stop_unless_ok(picovae_open(&vae, picovae_model, PICOVAE_MODEL_SIZE, picovae_kernels_board()));
  stop_unless_ok(picovae_verify(&vae));
}

void loop() {
  static uint32_t number = 0;
  stop_unless_ok(picovae_generate(&vae, /*seed=*/1, number++, pixels, &arena));
  for (int i = 0; i < PICOVAE_PIXELS; i++) {
    Serial.print(" .:-=+*#%@"[pixels[i] * 10 / 256]);
    if ((i + 1) % PICOVAE_MODEL_COLUMNS == 0) Serial.println();
  }
  delay(1000);
}

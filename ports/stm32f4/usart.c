#include "usart.h"

#include "registers.h"

void open_usart(void) {
  RCC_AHB1ENR |= 1u << 0;                                  // GPIOA
  RCC_APB2ENR |= 1u << 4;                                  // USART1
  (void)RCC_APB2ENR;                                       // a clock takes effect after a read
  GPIOA_MODER = (GPIOA_MODER & ~(15u << 18)) | 10u << 18;  // PA9, PA10 are alternate functions:
  GPIOA_AFRH = (GPIOA_AFRH & ~(255u << 4)) | 0x77u << 4;   // USART1_TX, USART1_RX
  USART1_BRR = 139;                                        // 16 MHz, as after reset, by 115200
  USART1_CR1 = 1u << 13 | 1u << 3 | 1u << 2;               // UE, TE, RE
}

uint8_t read_byte(void) {
  while ((USART1_SR & 1u << 5) == 0) continue;  // RXNE
  return (uint8_t)USART1_DR;                    // an overrun ends too: SR was read before DR
}

void write_text(const char* text) {
  for (; *text != '\0'; ++text) {
    while ((USART1_SR & 1u << 7) == 0) continue;  // TXE
    USART1_DR = (uint8_t)*text;
  }
}

void write_number(uint32_t value, uint32_t base) {
  char text[33];
  char* at = &text[32];
  *at = '\0';
  do {
    *--at = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  write_text(at);
}

void write_line(const char* name, uint32_t value, uint32_t base) {
  write_text(name);
  write_number(value, base);
  write_text("\n");
}

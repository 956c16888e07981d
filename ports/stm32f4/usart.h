// USART1 of an STM32F405: TX is PA9, RX is PA10, 115200 baud.
#pragma once

#include <stdint.h>

void open_usart(void);

uint8_t read_byte(void);  // waits for one

void write_text(const char* text);
void write_number(uint32_t value, uint32_t base);  // base: 2 to 16
void write_line(const char* name, uint32_t value, uint32_t base);

// The registers that the programs here use: "RM0090", the reference manual of the STM32F405.
#pragma once

#include <stdint.h>

#define AT(address) (*(volatile uint32_t*)(address))
#define RCC_AHB1ENR AT(0x40023830)
#define RCC_APB2ENR AT(0x40023844)
#define GPIOA_MODER AT(0x40020000)
#define GPIOA_AFRH AT(0x40020024)
#define GPIOC_MODER AT(0x40020800)
#define GPIOC_BSRR AT(0x40020818)
#define USART1_SR AT(0x40011000)
#define USART1_DR AT(0x40011004)
#define USART1_BRR AT(0x40011008)
#define USART1_CR1 AT(0x4001100c)

// From reset to main, under the names that vendors' start-up code and linker scripts use.
#include <stdint.h>

// Set by the linker script.
extern uint32_t _estack[], _sidata[], _sdata[], _edata[], _sbss[], _ebss[];
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

int main(void);
void Reset_Handler(void);
void Default_Handler(void);

#define DEFAULT __attribute__((weak, alias("Default_Handler")))
DEFAULT void NMI_Handler(void);
DEFAULT void HardFault_Handler(void);
DEFAULT void MemManage_Handler(void);
DEFAULT void BusFault_Handler(void);
DEFAULT void UsageFault_Handler(void);
DEFAULT void SVC_Handler(void);
DEFAULT void DebugMon_Handler(void);
DEFAULT void PendSV_Handler(void);
DEFAULT void SysTick_Handler(void);

// Without the interrupts of the chip's peripherals, which would follow: none is enabled.
typedef void (*Handler)(void);
__attribute__((section(".isr_vector"), used)) static const struct {
  const uint32_t* stack;
  Handler system[15];
} vectors = {_estack,
             {Reset_Handler, NMI_Handler, HardFault_Handler, MemManage_Handler, BusFault_Handler,
              UsageFault_Handler, 0, 0, 0, 0, SVC_Handler, DebugMon_Handler, 0, PendSV_Handler,
              SysTick_Handler}};

void Default_Handler(void) {
  for (;;) continue;
}

// The floating-point unit is off after reset; a compiler may use it anywhere, with
// -mfloat-abi=hard. The clock stays the internal one of 16 MHz.
__attribute__((weak)) void SystemInit(void) {
  volatile uint32_t* const coprocessor_access = (volatile uint32_t*)0xe000ed88;  // SCB->CPACR
  *coprocessor_access |= 0xfu << 20;
  __asm__ volatile("dsb\n\tisb" ::: "memory");
}

void Reset_Handler(void) {
  SystemInit();
  const uint32_t* from = _sidata;
  for (uint32_t* to = _sdata; to != _edata; ++to) *to = *from++;
  for (uint32_t* to = _sbss; to != _ebss; ++to) *to = 0;
  // As __libc_init_array of a C library does. The engine has no constructors.
  for (Handler const* start = __init_array_start; start != __init_array_end; ++start) (*start)();
  main();
  Default_Handler();
}

// The model's file in the section .model, which the linker script places. Blobs are aligned to 64 bytes.
  .section .model, "a"
  .balign 64
  .global picovae_model
  .global picovae_model_end
picovae_model:
  .incbin PICOVAE_MODEL
picovae_model_end:

  .section .note.GNU-stack, "", %progbits

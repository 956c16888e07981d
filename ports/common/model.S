// The model, whole, where the linker script puts .model; blobs are aligned to 64 bytes.
  .section .model, "a"
  .balign 64
  .global picovae_model
  .global picovae_model_end
picovae_model:
  .incbin PICOVAE_MODEL
picovae_model_end:

  .section .note.GNU-stack, "", %progbits

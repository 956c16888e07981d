// The numbers behind exp, softplus and the sigmoid in f32: polynomials fitted for this engine,
// shared by the kernels of every ISA and the reference, which agree bit for bit where multiply-add
// is fused.
#pragma once

namespace picovae {
namespace {

// e^r on |r| <= ln(2) / 2, relative error 6e-10 before rounding.
inline constexpr float kExp[] = {1.0f,
                                 1.0f,
                                 4.9999992032e-1f,
                                 1.6666419191e-1f,
                                 4.1668231875e-2f,
                                 8.3748983402e-3f,
                                 1.3836737940e-3f};

// log(1 + t) / t on 0 <= t <= 1, relative error 3e-8.
inline constexpr float kLog1p[] = {9.9999996988e-01f,  -4.9999493138e-01f, 3.3319096754e-01f,
                                   -2.4842981791e-01f, 1.9106005107e-01f,  -1.3663242277e-01f,
                                   7.8225910412e-02f,  -2.9505213312e-02f, 5.2326879093e-03f};

// Of the smallest normal number.
inline constexpr float kLowestExponent = -87.33654f;

inline constexpr float kLog2e = 1.44269504f;
// ln(2) in two parts: a product of the first and a whole number is exact.
inline constexpr float kLn2High = 0.693145752f, kLn2Low = 1.42860677e-6f;

// Adding 1.5 * 2^23 rounds to an integer, in the lowest bits; 127 more makes these the exponent
// field of 2^n.
inline constexpr float kToExponent = 12582912.0f + 127.0f;

}  // namespace
}  // namespace picovae

// SPDX-License-Identifier: MIT
#pragma once

// One program for every x86-64: the body of a kernel is compiled for three instruction sets, and
// the widest that the machine has is chosen when it runs, so that nobody needs -march.
#define VLSM_ALWAYS_INLINE inline __attribute__((always_inline))
#define VLSM_ALWAYS_INLINE_LAMBDA __attribute__((always_inline))
// g++ fuses multiplications and additions only where it is told so; what is inlined follows its
// caller, whatever the user's flags are. clang fuses within an expression anyway.
#if defined(__clang__)
#define VLSM_TARGET(...) __attribute__((target(__VA_ARGS__)))
#else
#define VLSM_TARGET(...) __attribute__((target(__VA_ARGS__), optimize("O3,fp-contract=fast")))
#endif

namespace vlsm::kernels::cpu {

/// The instruction sets that kernels are compiled for: what every machine has, AVX2 with FMA,
/// AVX-512 (F, DQ, BW and VL).
enum class Isa { base, avx2, avx512 };

/// The widest instruction set of this machine.
inline Isa best_isa() {
#if defined(__x86_64__)
  static Isa const best =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
          ? Isa::avx512
      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Isa::avx2
                                                                        : Isa::base;
  return best;
#else
  return Isa::base;
#endif
}

namespace detail {

#if defined(__x86_64__)
template <class Body>
VLSM_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
void run_avx512(Body const& body) {
  body.template operator()<64>();
}
template <class Body>
VLSM_TARGET("avx2,fma")
void run_avx2(Body const& body) {
  body.template operator()<32>();
}
#endif

template <class Body>
void run_base(Body const& body) {
  body.template operator()<16>();
}

}  // namespace detail

/// Runs `body.operator()<bytes>()` with vectors of so many bytes. The operator and all that it
/// calls must be VLSM_ALWAYS_INLINE, and take vectors by reference only.
template <class Body>
void dispatch(Body const& body, Isa isa = best_isa()) {
#if defined(__x86_64__)
  if (isa == Isa::avx512) return detail::run_avx512(body);
  if (isa == Isa::avx2) return detail::run_avx2(body);
#endif
  (void)isa;
  detail::run_base(body);
}

}  // namespace vlsm::kernels::cpu

//! The names under which LLVM calls the maths of `f128` on systems that it does not know: those of C's `long double`.
//!
//! compiler_builtins has the functions under their own names. The names here are weak: a C library that a program
//! links keeps its own.

macro_rules! named_as_long_double {
    ($($name:ident = $real:ident($($argument:ident),+);)+) => {
        $(
            #[linkage = "weak"]
            #[unsafe(no_mangle)]
            extern "C" fn $name($($argument: f128),+) -> f128 {
                unsafe extern "C" {
                    fn $real($($argument: f128),+) -> f128;
                }
                // SAFETY: a function of numbers alone.
                unsafe { $real($($argument),+) }
            }
        )+
    };
}

named_as_long_double! {
    ceill = ceilf128(x);
    floorl = floorf128(x);
    fmal = fmaf128(x, y, z);
    fmaxl = fmaxf128(x, y);
    fminl = fminf128(x, y);
    fmodl = fmodf128(x, y);
    rintl = rintf128(x);
    roundevenl = roundevenf128(x);
    roundl = roundf128(x);
    sqrtl = sqrtf128(x);
    truncl = truncf128(x);
}

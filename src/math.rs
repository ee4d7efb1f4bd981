//! The functions of C's mathematical library that the program uses, by way of its progress bars, tokio
//! and bytesize: with these in their place, `libm.so` need not be loaded at each start, which takes a
//! twentieth of a small run's time.

#[expect(unsafe_code, reason = "they are looked for by their names in C")]
// SAFETY: the names, types and meanings are those of C's `math.h`, whose functions these replace.
mod of_c {
    #[unsafe(no_mangle)]
    extern "C" fn pow(base: f64, exponent: f64) -> f64 {
        libm::pow(base, exponent)
    }

    #[unsafe(no_mangle)]
    extern "C" fn log(number: f64) -> f64 {
        libm::log(number)
    }
}

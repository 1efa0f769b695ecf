//! The tests are in `tests/`, one file a behaviour.

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// The loops of the porting guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/PORTING.md")]
pub struct Porting;

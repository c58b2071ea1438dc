//! Layout of CTranslate2's binary file, version 6, which its reader and its writer share.
//!
//! All numbers are little-endian. The file: version (u32), name of the specification (a string), its revision (u32), the
//! number of variables (u32) and the variables, the number of aliases (u32) and the aliases. A variable: its name, the
//! number of its dimensions (u8), the dimensions (u32), the type of its values (u8), the number of its bytes (u32), the
//! bytes. An alias: its name, and that of the variable. A string: its length with the zero that ends it (u16), its bytes, the
//! zero.

/// Version of the layout.
pub(crate) const VERSION: u32 = 6;

/// The file of a model's variables.
pub(crate) const MODEL: &str = "model.bin";

// Types of values, by their numbers in the file.
pub(crate) const FLOAT32: u8 = 0;
pub(crate) const INT8: u8 = 1;
pub(crate) const INT16: u8 = 2;
pub(crate) const INT32: u8 = 3;
pub(crate) const FLOAT16: u8 = 4;
pub(crate) const BFLOAT16: u8 = 5;

/// The number of GELU among activations.
pub(crate) const GELU: i8 = 3;

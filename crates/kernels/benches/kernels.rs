//! Each fused operation beside its composition of primitives would need the crate's inside; here is what a
//! user of the crate can call, at the sizes of a tiny transformer.

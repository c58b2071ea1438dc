#!/usr/bin/env bash
# Runs the unit tests of the arithmetic as WebAssembly with its vectors, under Node. Needs the target: rustup target add
# wasm32-wasip1
set -euo pipefail
cd "$(dirname "$0")/../.."

# A folder of its own: these flags would build all that other commands have built anew.
export CARGO_TARGET_DIR=target/web/tests
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS=-Ctarget-feature=+simd128
export CARGO_TARGET_WASM32_WASIP1_RUNNER="node --no-warnings $PWD/crates/web/wasi.mjs"
cargo test --locked -p any2any-kernels --no-default-features --lib --target wasm32-wasip1

#!/usr/bin/env bash
# Builds the engine of exported pages: the module that crates/page embeds, and beside this script the list of what it was
# built from. With `--check`, builds it elsewhere and compares. Needs the target: rustup target add wasm32-unknown-unknown
set -euo pipefail
cd "$(dirname "$0")/../.."

module=crates/page/assets/engine/engine.wasm
list=crates/web/engine.sha256

# Crates that the module is compiled from; tests/web.rs holds them against what cargo knows.
crates="adapter architecture arrays audio eeg frames image inference kernels portable search text web"

sources() {
    echo "# $(rustc --version)"
    for crate in $crates; do
        find "crates/$crate/Cargo.toml" "crates/$crate/src" -type f
    done | LC_ALL=C sort | xargs sha256sum
}

# The folder of packages that messages of panics name, which cargo calls by the registry that they came from.
origin() {
    grep -ao 'cargo/registry/src/[^/]*' "$1" | sort -u | head -n 1
}

# Messages of panics name files: these are not to say on which machine the module was built.
flags=(-Ctarget-feature=+simd128 --cfg 'getrandom_backend="custom"'
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" "--remap-path-prefix=$PWD=.")
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}")
export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%$'\x1f'}
# A folder of its own: these flags would build all that other commands have built anew.
export CARGO_TARGET_DIR=target/web
cargo rustc --locked -p any2any-web --lib --profile web --target wasm32-unknown-unknown --crate-type cdylib
built=target/web/wasm32-unknown-unknown/web/any2any_web.wasm

if [[ ${1:-} == --check ]]; then
    # Another compiler writes other instructions.
    if [[ $(head -n 1 "$list") != "# $(rustc --version)" ]]; then
        echo "$module was built with $(head -n 1 "$list"), and is not compared with what $(rustc --version) builds"
    elif [[ $(origin "$built") != $(origin "$module") ]]; then
        echo "$module was built from $(origin "$module"), and is not compared with what $(origin "$built") builds"
    elif ! cmp "$built" "$module"; then
        echo "$module is not what its sources build: run crates/web/build.sh and commit the module and $list" >&2
        exit 1
    fi
    exit
fi
mkdir -p "$(dirname "$module")"
cp "$built" "$module"
sources > "$list"
echo "$module: $(wc -c < "$module") bytes, $(gzip -9 < "$module" | wc -c) packed"

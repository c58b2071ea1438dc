#!/usr/bin/env bash
# Builds the engine of exported pages and the products that browsers with relaxed vectors lend to it: the modules that
# crates/page embeds, and beside this script the list of what they were built from. With `--check`, builds them elsewhere and
# compares. Needs the target: rustup target add wasm32-unknown-unknown
set -euo pipefail
cd "$(dirname "$0")/../.."

modules=crates/page/assets/engine
list=crates/web/engine.sha256

# Crates that the modules are compiled from; tests/web.rs holds them against what cargo knows.
crates="adapter architecture arrays audio eeg fourier frames image inference kernels portable relaxed search text web"

sources() {
    echo "# $(rustc --version)"
    for crate in $crates; do
        find "crates/$crate/Cargo.toml" "crates/$crate/src" -type f
    done | LC_ALL=C sort | xargs sha256sum
}

# The folder of packages that messages of panics name, which cargo calls by the registry that they came from.
origin() {
    grep -ao 'cargo/registry/src/[^/]*' | sort -u | head -n 1
}

# Builds a crate with flags of its own.
build() {
    local crate=$1
    shift
    # Messages of panics name files: these are not to say on which machine the module was built.
    local flags=("$@" --cfg 'getrandom_backend="custom"'
        "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" "--remap-path-prefix=$PWD=.")
    local encoded
    encoded=$(printf '%s\x1f' "${flags[@]}")
    # A folder for each: the flags of one would build all that the others have built anew.
    CARGO_ENCODED_RUSTFLAGS=${encoded%$'\x1f'} CARGO_TARGET_DIR=target/web/$crate \
        cargo rustc --locked -p "any2any-$crate" --lib --profile web --target wasm32-unknown-unknown --crate-type cdylib
}

# The module of the engine as it is committed, packed.
engine() {
    gunzip -c "$modules/engine.wasm.gz"
}

built() {
    echo "target/web/$1/wasm32-unknown-unknown/web/any2any_$1.wasm"
}

# The page puts lent functions into the engine's table, and gives the engine's memory to them.
build web -Ctarget-feature=+simd128 -Clink-arg=--export-table -Clink-arg=--growable-table
build relaxed -Ctarget-feature=+simd128,+relaxed-simd -Clink-arg=--import-memory

if [[ ${1:-} == --check ]]; then
    # Another compiler writes other instructions.
    if [[ $(head -n 1 "$list") != "# $(rustc --version)" ]]; then
        echo "the modules were built with $(head -n 1 "$list"), and are not compared with what $(rustc --version) builds"
    elif [[ $(origin < "$(built web)") != $(engine | origin) ]]; then
        echo "the engine was built from $(engine | origin), and is not compared with what $(origin < "$(built web)") builds"
    elif ! engine | cmp "$(built web)" - || ! cmp "$(built relaxed)" "$modules/relaxed.wasm"; then
        echo "$modules is not what its sources build: run crates/web/build.sh and commit the modules and $list" >&2
        exit 1
    fi
    exit
fi
mkdir -p "$modules"
gzip -9 -n < "$(built web)" > "$modules/engine.wasm.gz"
install -m 644 "$(built relaxed)" "$modules/relaxed.wasm"
sources > "$list"
for module in web relaxed; do
    echo "$module: $(wc -c < "$(built "$module")") bytes, $(gzip -9 < "$(built "$module")" | wc -c) packed"
done

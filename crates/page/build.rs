//! Embeds the assets anew when one of them changes, is added or goes.

fn main() {
    println!("cargo:rerun-if-changed=assets");
}

//! The table of targets: their inputs, their programs for `cargo fuzz`, and the memory that they may take.

use std::path::Path;

use any2any_fuzz::memory::{MOST, at_most};
use any2any_fuzz::{Target, target, targets};

#[test]
fn inputs_are_those_of_their_numbers() {
    let wav = target("audio_wave").expect("there is one");
    let seeds = (wav.seeds)();
    assert_eq!(wav.input(&seeds, 0), seeds[0]);
    let number = seeds.len() as u64 + 7;
    assert_eq!(wav.input(&seeds, number), wav.input(&seeds, number));
    assert_ne!(wav.input(&seeds, number), wav.input(&seeds, number + 1));
}

#[test]
fn every_target_is_a_program_of_cargo_fuzz() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    for Target { name, .. } in targets() {
        assert_eq!(manifest.matches(&format!("[[bin]]\nname = \"{name}\"\n")).count(), 1, "{name}");
        let program = std::fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs")));
        let program = program.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(program.contains(&format!("any2any_fuzz::fuzz!(\"{name}\");")), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets().len());
}

#[test]
fn what_is_beyond_the_memory_is_not_given() {
    let reserve = |bytes: usize| Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
    let (little, much) = at_most(32 << 20, || (reserve(1 << 20), reserve(64 << 20)));
    assert!(little && !much);
    assert!(!at_most(32 << 20, || at_most(MOST, || reserve(64 << 20))), "the outer limit holds");
    assert!(reserve(64 << 20), "there is no limit any more");
}

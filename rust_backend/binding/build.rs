//! Keeps the facts of the build that `info()` tells.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let rustc = rustc.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=FERRUMBA_RUSTC={rustc}");
    for name in ["PROFILE", "OPT_LEVEL", "TARGET", "CARGO_CFG_TARGET_FEATURE"] {
        println!("cargo::rustc-env=FERRUMBA_{name}={}", env::var(name).unwrap_or_default());
    }
    println!("cargo::rerun-if-changed=build.rs");
}

//! Shared by the module crates. httpd resolves its own symbols when it loads a module, so
//! nothing is linked here; the C headers are read by apache-sys alone.

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    // What apache-sys learned through apxs, for modules that depend on it directly.
    for (variable, learned) in [
        ("HTTPD_PROGNAME", "DEP_HTTPD_PROGNAME"),
        ("HTTPD_LIBEXECDIR", "DEP_HTTPD_LIBEXECDIR"),
    ] {
        println!("cargo::rerun-if-env-changed={learned}");
        if let Ok(value) = std::env::var(learned) {
            println!("cargo::rustc-env={variable}={value}");
        }
    }
}

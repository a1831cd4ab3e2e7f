//! Finds the installed httpd through apxs and generates the bindings from its headers.
//!
//! Environment: `APXS` names the apxs program (default: `apxs`, then `apxs2` on the PATH).
//! What is learned is handed to dependants as `DEP_HTTPD_*` (see ../build.rs).

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The oldest httpd that the tests were run on (README, Requirements).
const OLDEST_TESTED: [u32; 3] = [2, 4, 37];

fn main() {
    println!("cargo:rerun-if-env-changed=APXS");
    println!("cargo:rerun-if-changed=wrapper.h");
    println!("cargo:rerun-if-changed=shim.c");
    let apxs = Apxs::find();
    apxs.warn_of_untested_version();
    let includes = apxs.include_dirs();
    let flags = apxs.preprocessor_flags();

    let mut clang_args: Vec<String> = includes.iter().map(|d| format!("-I{d}")).collect();
    clang_args.extend(flags.iter().cloned());
    let bindings = bindgen::Builder::default()
        .header("wrapper.h")
        .clang_args(&clang_args)
        .allowlist_file(r".*/(httpd|http_[a-z]+|util_[a-z]+|ap_[a-z_]+|mpm_common|scoreboard|mod_core|apr[a-z_]*|unixd)\.h")
        .allowlist_file("wrapper.h")
        .default_macro_constant_type(bindgen::MacroTypeVariation::Signed)
        .generate_comments(false)
        .layout_tests(false)
        .derive_debug(false)
        .parse_callbacks(Box::new(Macros))
        .generate()
        .expect("bindgen over the httpd headers");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR is set by cargo"));
    bindings
        .write_to_file(out.join("bindings.rs"))
        .expect("writing the bindings");

    let mut shim = cc::Build::new();
    shim.file("shim.c")
        .includes(&includes)
        .warnings(true)
        .extra_warnings(true);
    shim.flag_if_supported("-Wno-unused-parameter");
    for flag in &flags {
        shim.flag(flag);
    }
    shim.compile("httpd_shim");

    println!("cargo:apxs={}", apxs.program);
    println!("cargo:libexecdir={}", apxs.query("LIBEXECDIR"));
    println!("cargo:sbindir={}", apxs.query("SBINDIR"));
    println!("cargo:progname={}", apxs.query("PROGNAME"));
}

/// Leaves out macros that clash with what the libc crate or httpd's own enums define.
#[derive(Debug)]
struct Macros;

impl bindgen::callbacks::ParseCallbacks for Macros {
    fn will_parse_macro(&self, name: &str) -> bindgen::callbacks::MacroParsingBehavior {
        use bindgen::callbacks::MacroParsingBehavior::{Default, Ignore};
        if name.starts_with("FP_") || name.starts_with("IPPORT_") {
            Ignore
        } else {
            Default
        }
    }
}

/// The apxs program and its answers.
struct Apxs {
    program: String,
}

impl Apxs {
    fn find() -> Self {
        let named = env::var("APXS").ok();
        let candidates = match &named {
            Some(program) => vec![program.as_str()],
            None => vec![
                "apxs",
                "apxs2",
                "/usr/sbin/apxs",
                "/usr/local/apache2/bin/apxs",
            ],
        };
        for program in &candidates {
            if let Ok(out) = Command::new(program).args(["-q", "INCLUDEDIR"]).output()
                && out.status.success()
            {
                return Self {
                    program: (*program).to_owned(),
                };
            }
        }
        panic!(
            "no working apxs found (tried: {}). Install httpd's development files \
             (apache2-dev, httpd-devel) or set APXS to the apxs program",
            candidates.join(", ")
        );
    }

    fn query(&self, what: &str) -> String {
        let out = Command::new(&self.program).args(["-q", what]).output();
        match out {
            Ok(out) if out.status.success() => {
                String::from_utf8_lossy(&out.stdout).trim().to_owned()
            }
            _ => String::new(),
        }
    }

    /// An older httpd may well do; what it lacks would be found by the compiler.
    fn warn_of_untested_version(&self) {
        let version = self.query("HTTPD_VERSION");
        let numbers: Vec<u32> = version.split('.').map_while(|n| n.parse().ok()).collect();
        if numbers.len() == 3 && numbers.as_slice() < OLDEST_TESTED.as_slice() {
            let [major, minor, patch] = OLDEST_TESTED;
            println!(
                "cargo:warning=httpd {version} is older than {major}.{minor}.{patch}, the oldest \
                 that these modules are tested with"
            );
        }
    }

    fn include_dirs(&self) -> Vec<String> {
        let mut dirs = vec![self.query("INCLUDEDIR")];
        for key in ["APR_INCLUDEDIR", "APU_INCLUDEDIR"] {
            dirs.push(self.query(key));
        }
        for key in ["APR_CONFIG", "APU_CONFIG"] {
            let program = self.query(key);
            if let Ok(out) = Command::new(&program).arg("--includedir").output() {
                dirs.push(String::from_utf8_lossy(&out.stdout).trim().to_owned());
            }
        }
        dirs.retain(|dir| !dir.is_empty());
        dirs.dedup();
        dirs
    }

    /// Feature macros that change the headers' layout (large files), from apxs' own flags.
    fn preprocessor_flags(&self) -> Vec<String> {
        let all = [
            self.query("EXTRA_CPPFLAGS"),
            self.query("EXTRA_CFLAGS"),
            self.query("CFLAGS"),
        ];
        let mut flags: Vec<String> = all
            .join(" ")
            .split_whitespace()
            .filter(|flag| flag.starts_with("-D"))
            .filter(|flag| !flag.starts_with("-D_FORTIFY_SOURCE"))
            .map(str::to_owned)
            .collect();
        flags.sort();
        flags.dedup();
        flags
    }
}

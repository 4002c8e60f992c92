//! What a build knows and the program cannot ask later: which compiler made it, from which commit, and the workloads of
//! `benches/workloads`, so that `runner bench` needs no repository.

use std::path::Path;
use std::process::Command;

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder of the package");
    let root = Path::new(&root);
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    println!("cargo::rustc-env=RUNNER_RUSTC={}", answer(&rustc, &["--version"], root).unwrap_or_default());
    // only an optimised build is worth measuring, and no other has to be made again after every commit
    let optimised = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if optimised { commit(root) } else { None };
    println!("cargo::rustc-env=RUNNER_COMMIT={}", commit.unwrap_or_default());
    workloads(root);
}

/// What a command prints, when there is such a command.
fn answer(command: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(command).args(arguments).current_dir(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The commit that is built, with `+` where files differ from it; none in a copy that is not under version control.
fn commit(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| answer("git", arguments, root);
    let top = std::fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()?;
    if top != std::fs::canonicalize(root).ok()? {
        return None;
    }
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"])?);
    for sources in ["src", "kernels", "benches", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={sources}");
    }
    let differs = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(format!("{}{}", git(&["rev-parse", "--short=12", "HEAD"])?, if differs { "+" } else { "" }))
}

/// Writes the list of all workloads as an array of file names and texts.
fn workloads(root: &Path) {
    let folder = root.join("benches/workloads");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = std::fs::read_dir(&folder).expect("the package holds benches/workloads");
    let files = entries.map(|entry| entry.expect("an entry of it").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    let entry = |path: &std::path::PathBuf| {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string())
    };
    let list: String = files.iter().map(entry).collect();
    let out = std::env::var("OUT_DIR").expect("cargo names a folder for what is made");
    std::fs::write(Path::new(&out).join("workloads.rs"), format!("&[\n{list}]\n")).expect("the folder is there");
}

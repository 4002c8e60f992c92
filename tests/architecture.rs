//! The rules of the tree, held by a test: which module may use which, what only a few files may touch, how long a file may
//! be. The list of levels here is the one that the architecture speaks of; a rule is changed here or nowhere.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{parse, read_file, root, sources};
use runner::base::registry::Members;
use runner::nn::layers::LAYERS;

/// The levels, lowest first. A module uses modules of earlier levels only; those of one level are siblings and never use
/// each other. `kernels` is a crate of its own.
const LEVELS: &[&[&str]] = &[
    &["kernels"],
    &["base"],
    &["data", "nn", "learn", "sweep"],
    &["probe"],
    &["trial"],
    &["store"],
    &["report"],
    &["run"],
    &["bench"],
    &["cli"],
];

/// The most lines of a file.
const LONGEST: usize = 500;

/// Words of the code that only a few places may contain.
struct Confined {
    words: &'static [&'static str],
    within: &'static str,
    except: &'static [&'static str],
    because: &'static str,
}

const CONFINED: &[Confined] = &[
    Confined {
        words: &["std::time", "Instant", "SystemTime"],
        within: "src/",
        except: &["src/trial/train.rs", "src/store/", "src/run/", "src/bench/", "src/cli/"],
        because: "a clock must not reach a result",
    },
    Confined {
        words: &["thread::spawn", "thread::scope", "thread::Builder", "ThreadPoolBuilder", ".spawn("],
        within: "src/",
        except: &["src/run/"],
        because: "only `run` starts threads",
    },
    Confined {
        words: &["rayon"],
        within: "src/",
        except: &["src/run/", "src/trial/crew.rs"],
        because: "only `run` and the crew of a trial divide work",
    },
    Confined {
        words: &["libc::"],
        within: "kernels/src/",
        except: &["kernels/src/memory.rs"],
        because: "kernels ask the system for nothing but memory",
    },
    Confined {
        words: &["HashMap", "HashSet"],
        within: "src/",
        except: &[],
        because: "its order differs from run to run; take a `BTreeMap`",
    },
    Confined {
        words: &["std::arch", "core::arch", "target_feature", "asm!"],
        within: "src/",
        except: &[],
        because: "instructions belong into `kernels`",
    },
    Confined {
        words: &[
            ".exp(", ".exp2(", ".exp_m1(", ".ln(", ".ln_1p(", ".log(", ".log2(", ".log10(", ".powf(", ".powi(",
            ".sin(", ".cos(", ".tan(", ".sinh(", ".cosh(", ".tanh(", ".cbrt(", ".hypot(",
        ],
        within: "src/",
        except: &[],
        because: "the platform's mathematics differs between machines; take the crate `libm`",
    },
    Confined {
        words: &["std::fs", "std::time", "std::thread", "rayon", "HashMap", "print!(", "println!("],
        within: "kernels/src/",
        except: &[],
        because: "kernels are slices in, slices out",
    },
];

/// Layers whose names are words that the code has other uses for: what counts is where such a name is written as a name.
const ALSO_WORDS: &[&str] =
    &["activation", "concat", "flatten", "permute", "repeat", "residual", "reshape", "scale", "transpose"];

/// Where layers are named outside of the file of their name, which a layer more must not need.
struct Named {
    layers: &'static [&'static str],
    within: &'static str,
    because: &'static str,
}

const NAMED: &[Named] = &[
    Named {
        layers: &["conv1d", "conv2d"],
        within: "src/nn/layers/conv.rs",
        because: "one file for axes of any number",
    },
    Named {
        layers: &["max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "l2_pool1d", "l2_pool2d"],
        within: "src/nn/layers/pool.rs",
        because: "one file for windows",
    },
    Named {
        layers: &["layer_norm", "rms_norm"],
        within: "src/nn/layers/row_norm.rs",
        because: "one file for normalisation of rows",
    },
    Named {
        layers: &["dense", "reshape", "activation"],
        within: "src/nn/layers/",
        because: "in examples and hints, and the most weights of a layer; an activation is a setting of several",
    },
    Named { layers: &["dropout"], within: "src/nn/layers/recurrent/", because: "it stands between two levels" },
    Named { layers: &["dropout"], within: "src/nn/layers/spatial_dropout.rs", because: "the same draws" },
    Named { layers: &["batch_norm"], within: "src/nn/layers/per_step.rs", because: "it must not see padding" },
    Named { layers: &["layer_norm"], within: "src/nn/layers/batch_norm.rs", because: "a hint" },
    Named { layers: &["concat"], within: "src/nn/layers/parallel.rs", because: "a way to join branches" },
    Named { layers: &["embedding"], within: "src/nn/layers/dense.rs", because: "whose weights can be tied" },
    Named { layers: &["dense", "embedding"], within: "src/nn/place.rs", because: "a hint: whose weights can be tied" },
    Named { layers: &["batch_norm"], within: "src/trial/plan.rs", because: "a message: it alone couples rows" },
    Named { layers: &["dense"], within: "src/probe/input_share.rs", because: "a message" },
    Named { layers: &["dense"], within: "src/bench/figures.rs", because: "a caption" },
    Named { layers: &["embedding", "attention"], within: "src/nn/init/", because: "PyTorch's rules for them" },
    Named { layers: &["embedding", "rnn", "activation"], within: "src/data/sources/", because: "what a source is for" },
    Named { layers: &["permute", "repeat", "scale"], within: "src/data/prepare/", because: "keys of another meaning" },
    Named { layers: &["scale"], within: "src/report/", because: "a key of another meaning" },
    Named { layers: &["dropout"], within: "src/base/", because: "the name of its stream" },
    Named { layers: &["dropout"], within: "kernels/src/random.rs", because: "its kernel" },
    Named { layers: &["attention"], within: "kernels/src/lib.rs", because: "the list of kernels" },
    Named { layers: &["rnn", "lstm", "gru"], within: "kernels/src/recurrent/mod.rs", because: "the list of cells" },
];

/// A layer more is a file, perhaps a kernel, and an entry: nothing else knows which layers there are.
#[test]
fn a_layer_is_named_in_its_own_files_only() {
    let (mut broken, mut needed) = (Vec::new(), BTreeSet::new());
    let names: Vec<&str> = LAYERS.all().into_iter().map(|about| about.name).collect();
    let lists = ["src/nn/layers/mod.rs"];
    for (file, text) in sources("src").into_iter().chain(sources("kernels/src")) {
        // what tests name is theirs
        if lists.contains(&file.as_str()) || file.ends_with("/tests.rs") {
            continue;
        }
        let text = without(&text, |first| first == '/');
        for name in names.iter().filter(|name| !file.ends_with(&format!("/{name}.rs")) && names_it(&text, name)) {
            let known = |named: &&Named| named.layers.contains(name) && file.starts_with(named.within);
            match NAMED.iter().find(known) {
                Some(named) => drop(needed.insert((named.within, *name))),
                None => broken.push(format!("{file} names the layer `{name}`")),
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    for named in NAMED {
        for layer in named.layers {
            let (within, because) = (named.within, named.because);
            assert!(needed.contains(&(within, layer)), "{within} no longer names `{layer}` ({because})");
        }
    }
}

/// Whether a text without comments has the name of a layer in it.
fn names_it(text: &str, layer: &str) -> bool {
    if ALSO_WORDS.contains(&layer) {
        return [format!("\"{layer}\""), format!("\\\"{layer}\\\""), format!("`{layer}`")]
            .iter()
            .any(|name| text.contains(name));
    }
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(layer)
        .any(|(at, name)| !inside(text[..at].chars().next_back()) && !inside(text[at + name.len()..].chars().next()))
}

#[test]
fn modules_use_earlier_levels_only() {
    let mut broken = Vec::new();
    for (file, text) in sources("src") {
        for (line, used) in uses(&file, &text) {
            broken.extend(misuse(&file, &used).map(|why| format!("{file}:{line}: {why}")));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_library_names_its_modules_in_the_order_of_the_levels() {
    let text = code(&read_file(&root().join("src/lib.rs")));
    let named: Vec<&str> =
        text.lines().filter_map(|l| l.trim().strip_prefix("pub mod ")?.strip_suffix(';')).map(str::trim).collect();
    let levels: Vec<usize> =
        named.iter().map(|m| level(m).unwrap_or_else(|| panic!("src/lib.rs: `{m}` stands on no level"))).collect();
    assert!(levels.is_sorted(), "src/lib.rs: `pub mod` lines in another order than the levels: {named:?}");
    for (file, _) in sources("src") {
        let module = module(&file)[0].clone();
        let known = module == "lib" || module == "main" || named.contains(&module.as_str());
        assert!(known, "{file} belongs to `{module}`, which src/lib.rs does not name");
    }
}

#[test]
fn kernels_depend_on_arithmetic_the_oracle_and_pages_only() {
    let manifest = parse(&read_file(&root().join("kernels/Cargo.toml")));
    let of = |table: &str| -> Vec<String> {
        manifest.get(table).map_or_else(Vec::new, |t| t.entries().iter().map(|e| e.key.clone()).collect())
    };
    assert_eq!(of("dependencies"), ["libm", "matrixmultiply"], "kernels/Cargo.toml: a kernel needs nothing but slices");
    assert_eq!(of("build-dependencies"), [""; 0], "kernels/Cargo.toml");
    // and, where there is one to ask, the system's advice on pages
    let target = manifest.get("target").expect("a table");
    let targets: Vec<&str> = target.entries().iter().map(|e| e.key.as_str()).collect();
    assert_eq!(targets, ["cfg(target_os = \"linux\")"], "kernels/Cargo.toml");
    let linux = target.at(&[targets[0], "dependencies"]).expect("a table");
    assert_eq!(linux.entries().iter().map(|e| e.key.as_str()).collect::<Vec<_>>(), ["libc"], "kernels/Cargo.toml");
}

#[test]
fn what_few_may_touch_nobody_else_does() {
    let mut broken = Vec::new();
    for (file, text) in sources("src").into_iter().chain(sources("kernels/src")) {
        let code = code(&text);
        let rules =
            CONFINED.iter().filter(|r| file.starts_with(r.within) && !r.except.iter().any(|e| file.starts_with(e)));
        for rule in rules {
            for (number, line) in code.lines().enumerate() {
                let words = rule.words.iter().filter(|word| line.contains(**word));
                broken.extend(words.map(|word| format!("{file}:{}: `{word}`: {}", number + 1, rule.because)));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_exceptions_are_needed() {
    let files: Vec<String> = sources("src").into_iter().chain(sources("kernels/src")).map(|(file, _)| file).collect();
    for place in CONFINED.iter().flat_map(|rule| rule.except) {
        assert!(files.iter().any(|file| file.starts_with(place)), "no file of {place} is there to be excepted");
    }
}

#[test]
fn there_is_no_unsafe_code_outside_the_kernels() {
    for file in ["src/lib.rs", "src/main.rs"] {
        let text = code(&read_file(&root().join(file)));
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file} does not forbid unsafe code");
    }
}

#[test]
fn files_say_their_idea_first_and_are_short() {
    for folder in ["src", "kernels/src", "kernels/tests", "tests", "benches"] {
        if !root().join(folder).is_dir() {
            continue;
        }
        // what cargo built of the peers is nobody's text
        for (file, text) in sources(folder).into_iter().filter(|(file, _)| !file.contains("/target/")) {
            assert!(text.starts_with("//! "), "{file} does not open with a paragraph that says its idea");
            let lines = text.lines().count();
            assert!(lines <= LONGEST, "{file} has {lines} lines, more than {LONGEST}");
        }
    }
}

/// Why a file may not use a module, if it may not.
fn misuse(file: &str, used: &str) -> Option<String> {
    let own = module(file)[0].clone();
    if own == used {
        return None;
    }
    if own == "main" {
        return (used != "cli").then(|| format!("the command uses `{used}`, but it only starts `cli`"));
    }
    let Some(there) = level(used) else {
        return Some(format!("`{own}` uses `{used}`, which stands on no level"));
    };
    let Some(here) = level(&own) else {
        return Some(format!("`{own}` stands on no level"));
    };
    match there.cmp(&here) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => Some(format!("`{own}` uses its sibling `{used}`: both stand on level {here}")),
        std::cmp::Ordering::Greater => {
            Some(format!("`{own}` on level {here} uses `{used}` on level {there}; a module uses earlier levels only"))
        }
    }
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|level| level.contains(&module))
}

/// The path of the module that a file of `src` is.
fn module(file: &str) -> Vec<String> {
    let path = Path::new(file.strip_prefix("src/").expect("a file of src")).with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

/// The modules of the top level that a file's code names, through `crate::`, through `super::` up to the root, or
/// through `runner::`; each with its line.
fn uses(file: &str, text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(&code(text));
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
    let depth = module(file).len();
    let (mut found, mut braces) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        match word(at) {
            "{" => braces.push(at >= 2 && word(at - 2) == "mod"),
            "}" => drop(braces.pop()),
            "crate" | "runner" if word(at + 1) == "::" => found.extend(heads(&tokens, at + 2)),
            "super" => {
                let mut ups = 0;
                while word(at) == "super" && word(at + 1) == "::" {
                    (ups, at) = (ups + 1, at + 2);
                }
                if ups >= depth + braces.iter().filter(|module| **module).count() {
                    found.extend(heads(&tokens, at));
                }
            }
            _ => {}
        }
        at = at.max(start + 1);
    }
    found
}

/// The first names of the paths that go on at token `at`: one, or those of a group in braces.
fn heads(tokens: &[(usize, String)], at: usize) -> Vec<(usize, String)> {
    let Some((_, first)) = tokens.get(at).filter(|(_, first)| first == "{") else {
        return tokens.get(at).cloned().into_iter().collect();
    };
    let (mut found, mut depth, mut before) = (Vec::new(), 0, first.as_str());
    for (line, token) in &tokens[at..] {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            name if depth == 1 && (before == "{" || before == ",") => found.push((*line, name.to_owned())),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        before = token;
    }
    found
}

/// Names, `::` and single other characters, each with its line.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match name {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                name => name,
            };
            found.push((number + 1, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// The text with comments and the insides of literals left blank, line by line as it was.
fn code(text: &str) -> String {
    without(text, |_| true)
}

/// The same with only those left blank whose first character is such a one.
fn without(text: &str, which: impl Fn(char) -> bool) -> String {
    let text: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < text.len() {
        let length = blank(&text[at..]);
        let passed = &text[at..at + length.max(1)];
        if length > 0 && which(text[at]) {
            out.extend(std::iter::once(&' ').chain(passed.iter().filter(|c| **c == '\n')));
        } else {
            out.extend(passed);
        }
        at += passed.len();
    }
    out
}

/// How many characters the comment or literal has that begins here; 0 when none does.
fn blank(text: &[char]) -> usize {
    let starts = |at: usize, with: &str| with.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    let until = |from: usize, end: &str| (from..text.len()).find(|at| starts(*at, end)).unwrap_or(text.len());
    let past = |at: usize, end: &str| (at + end.len()).min(text.len());
    let hashes = text.iter().skip(1).take_while(|c| **c == '#').count();
    match text[0] {
        '/' if starts(0, "//") => until(2, "\n"),
        '/' if starts(0, "/*") => past(until(2, "*/"), "*/"),
        'r' if text.get(1 + hashes) == Some(&'"') => {
            let end = format!("\"{}", "#".repeat(hashes));
            past(until(2 + hashes, &end), &end)
        }
        '"' => {
            let mut at = 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            past(at, "\"")
        }
        '\'' if starts(1, "\\") => past(until(3, "'"), "'"),
        '\'' if starts(2, "'") => 3,
        _ => 0,
    }
}

#[test]
fn a_use_is_found_in_code_and_nowhere_else() {
    let found = |file: &str, text: &str| -> Vec<String> {
        uses(file, text).into_iter().map(|(line, module)| format!("{line} {module}")).collect()
    };
    let text = "//! crate::cli\nuse crate::{base::{a, b}, nn};\nlet s = \"crate::run\"; // crate::run\nf::<'a>(crate::store::x, '\"');";
    assert_eq!(found("src/data/mod.rs", text), ["2 base", "2 nn", "4 store"]);
    let up =
        "use super::super::super::report;\nuse super::super::x;\nmod tests { use super::super::super::super::cli::y; }";
    assert_eq!(found("src/data/sources/idx.rs", up), ["1 report", "3 cli"]);
    let raw = "let s = r#\"\" crate::cli\"#; use crate::run; /* crate::cli */ pub(crate) fn f() {}";
    assert_eq!(found("src/cli/mod.rs", raw), ["1 run"]);
}

#[test]
fn a_layer_is_found_by_its_name() {
    let found = |text: &str, layer: &str| names_it(&without(text, |first| first == '/'), layer);
    assert!(found("if chosen.name == \"lstm\" {", "lstm") && found("use super::{dense, lstm};", "lstm"));
    assert!(!found("// lstm\nlet lstm_like = 1; /* lstm */", "lstm"));
    assert!(found("example: \"{ type = \\\"scale\\\" }\"", "scale") && found("\"a `scale` before it\"", "scale"));
    assert!(!found("let scale = 2.0; // `scale`", "scale"));
}

#[test]
fn a_wrong_use_is_told_in_a_sentence() {
    assert_eq!(misuse("src/report/mod.rs", "base"), None);
    assert_eq!(misuse("src/main.rs", "cli"), None);
    let sibling = misuse("src/nn/chain.rs", "data").expect("siblings do not use each other");
    assert_eq!(sibling, "`nn` uses its sibling `data`: both stand on level 2");
    let later = misuse("src/nn/chain.rs", "run").expect("a later level");
    assert_eq!(later, "`nn` on level 2 uses `run` on level 7; a module uses earlier levels only");
    assert!(misuse("src/nn/chain.rs", "helpers").is_some_and(|why| why.contains("stands on no level")));
}

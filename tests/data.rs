//! Readers of files on what people and networks hand them: good files, files that are cut short, other files, files that
//! claim what they do not hold, and random bytes. What cannot be read has a message; nothing panics, and no claim of a
//! header takes memory. With the published files in `RUNNER_TEST_DATA` or `../shared/data` these are read too.

mod common;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use common::program::{ask, expect, folder, runner};
use common::{root, value_of};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use runner::base::diagnostics::Diagnostics;
use runner::base::key::Kind;
use runner::base::random::Seeds;
use runner::base::shape::Target;
use runner::base::values::Value;
use runner::data::{self, Cache, Dataset, Folders, Labels, Outline, Prepared, SOURCES};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// What a `[data]` section finds in a folder. Errors: what a person reads, when the file is checked or the rows loaded.
fn load(folder: &Path, section: &str) -> Result<(Outline, Prepared), String> {
    let kind = Kind::Member { registry: || &*SOURCES, common: data::COMMON };
    let (folders, mut diagnostics) = (Folders::new(vec![folder.to_path_buf()]), Diagnostics::new());
    let outline = value_of(section, &kind, &mut diagnostics).and_then(|read| {
        let Value::Member(chosen) = read else { unreachable!("data is a member") };
        Some((data::outline(&chosen, &folders, &mut diagnostics)?, chosen))
    });
    let (outline, chosen) = outline.ok_or_else(|| diagnostics.render(false))?;
    let loaded = data::prepared(&chosen, &folders, Seeds::new(0), &Cache::new(1));
    let prepared = loaded.map_err(|e| format!("{}\nhint: {}", e.message, e.hint.unwrap_or_default()))?;
    for (part, rows) in [(&prepared.train, outline.train), (&prepared.test, outline.test)] {
        whole(part);
        assert_eq!((part.rows(), &part.shape, part.labels.target()), (rows, &outline.shape, outline.target));
    }
    Ok((outline, prepared))
}

/// Nothing is missing and nothing out of range.
fn whole(data: &Dataset) {
    assert_eq!(data.x.len(), data.rows() * data.shape.width());
    assert!(data.x.iter().all(|x| x.is_finite()));
    match &data.labels {
        Labels::Classes { of, count } => assert!(of.iter().all(|class| (*class as usize) < *count)),
        Labels::Values { of, .. } => assert!(of.iter().all(|x| x.is_finite())),
    }
}

/// A file, or several, that cannot be read, and all of these words in the message.
#[track_caller]
fn refused(folder: &TempDir, section: &str, words: &[&str]) {
    let Err(message) = load(folder.path(), section) else { panic!("{section} is accepted") };
    for word in words {
        assert!(message.contains(word), "{section}: `{word}` is missing in\n{message}");
    }
}

fn put(folder: &TempDir, file: &str, bytes: &[u8]) {
    let path = folder.path().join(file);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder");
    std::fs::write(path, bytes).expect("a temporary file");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("memory takes all");
    gzip.finish().expect("memory takes all")
}

// IDX

const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
const MNIST: &str = "{ type = \"mnist\", verify = false }";

/// An IDX file with these extents in its header and these elements after it.
fn idx(extents: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, extents.len() as u8];
    bytes.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn images(rows: u32) -> Vec<u8> {
    idx(&[rows, 28, 28], &(0..rows * 784).map(|i| (i % 251) as u8).collect::<Vec<_>>())
}

fn labels(rows: u32) -> Vec<u8> {
    idx(&[rows], &(0..rows).map(|i| (i % 10) as u8).collect::<Vec<_>>())
}

/// A small set of twelve rows to train and five to test on.
fn mnist() -> TempDir {
    let folder = folder(&[]);
    for (file, bytes) in FILES.into_iter().zip([images(12), labels(12), images(5), labels(5)]) {
        put(&folder, &format!("mnist/{file}"), &bytes);
    }
    folder
}

#[test]
fn idx_is_read_packed_or_not() {
    let folder = mnist();
    let (outline, prepared) = load(folder.path(), MNIST).expect("good files");
    assert_eq!((outline.train, outline.test, outline.target), (12, 5, Target::Classes(10)));
    assert_eq!(outline.shape.0, [1, 28, 28]);
    assert_eq!((prepared.train.x[1], prepared.train.x[250]), (1.0 / 255.0, 250.0 / 255.0));
    for file in FILES {
        let path = folder.path().join("mnist").join(file);
        put(&folder, &format!("mnist/{file}.gz"), &packed(&std::fs::read(&path).expect("it is there")));
        std::fs::remove_file(path).expect("it is there");
    }
    let (_, again) = load(folder.path(), MNIST).expect("the same, packed");
    assert_eq!((&prepared.train, &prepared.test), (&again.train, &again.test));
    let (few, _) = load(folder.path(), "{ type = \"mnist\", verify = false, train = 7, test = 2 }").expect("fewer");
    assert_eq!((few.train, few.test), (7, 2));
    refused(&folder, "{ type = \"mnist\", verify = false, train = 13 }", &["12 rows", "13 are asked for"]);
    refused(&folder, "{ type = \"mnist\" }", &[FILES[0], "as published", "digest", "verify = false"]);
}

#[test]
fn idx_files_that_are_wrong_are_named() {
    let many = u32::MAX;
    let good = images(12);
    let wrong: Vec<(usize, Vec<u8>, &[&str])> = vec![
        (0, b"\x89PNG\r\n\x1a\n and so on".to_vec(), &["another file", "89 50 4e 47"]),
        (0, labels(12), &["another file"]),
        (1, images(12), &["another file"]),
        (0, Vec::new(), &["cut short"]),
        (0, good[..9].to_vec(), &["cut short", "header"]),
        (0, good[..good.len() - 1].to_vec(), &["cut short", "9423 bytes of 9424"]),
        (0, [good.as_slice(), b"x"].concat(), &["goes on after"]),
        (0, idx(&[many, 28, 28], &[0; 784]), &["claims 4294967295 rows"]),
        (0, idx(&[12, many, many], &[0; 784]), &["images of 4294967295"]),
        (0, idx(&[0, 28, 28], &[]), &["claims 0 rows"]),
        (0, images(11), &["11 images", "12 labels"]),
        (3, idx(&[5], &[1, 2, 10, 4, 5]), &["the label 10 in row 2"]),
        (2, packed(&images(5))[..60].to_vec(), &["cut short"]),
        (2, [&[0x1f, 0x8b][..], &[0xff; 40]].concat(), &["damaged", "download it again"]),
    ];
    for (file, bytes, words) in wrong {
        let folder = mnist();
        put(&folder, &format!("mnist/{}", FILES[file]), &bytes);
        refused(&folder, MNIST, &[&[FILES[file]], words].concat());
    }
}

// NPZ

const NPZ: &str = "{ type = \"npz\", path = \"rows.npz\", test = 1 }";

/// An NPY array: its dictionary and its elements.
fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16 + 1).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.push(b'\n');
    bytes.extend(elements);
    bytes
}

fn array(descr: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
    npy(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"), elements)
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).expect("memory takes all");
        zip.write_all(bytes).expect("memory takes all");
    }
    zip.finish().expect("memory takes all").into_inner()
}

/// Three rows of two numbers.
fn inputs() -> Vec<u8> {
    array("<f4", "(3, 2)", &[0.5_f32, 1.5, 2.5, -1.0, -2.0, -3.0].map(f32::to_le_bytes).concat())
}

fn targets() -> Vec<u8> {
    array("<i8", "(3,)", &[0_i64, 2, 1].map(i64::to_le_bytes).concat())
}

#[test]
fn npz_is_read_in_every_type_of_number() {
    let folder = folder(&[]);
    let read = |x: Vec<u8>, y: Vec<u8>| {
        put(&folder, "rows.npz", &npz(&[("x", x), ("y", y)]));
        load(folder.path(), NPZ).expect("a good archive").1
    };
    let first = read(inputs(), targets());
    assert_eq!(first.train.x, [0.5, 1.5, 2.5, -1.0]);
    assert_eq!(first.train.labels, Labels::Classes { of: vec![0, 2], count: 3 });
    let doubles = [0.5_f64, 1.5, 2.5, -1.0, -2.0, -3.0];
    let big = read(array(">f8", "(3, 2)", &doubles.map(f64::to_be_bytes).concat()), array("|u1", "(3,)", &[0, 2, 1]));
    let little = read(
        array("<f8", "(3, 2)", &doubles.map(f64::to_le_bytes).concat()),
        array("<i2", "(3, 1)", &[0_i16, 2, 1].map(i16::to_le_bytes).concat()),
    );
    assert!([&big, &little].iter().all(|one| one.train == first.train && one.test == first.test));
    let values = read(inputs(), inputs());
    assert_eq!(values.test.labels, Labels::Values { of: vec![-2.0, -3.0], width: 2 });
}

#[test]
fn npz_archives_that_are_wrong_are_told_from_each_other() {
    let good = npz(&[("x", inputs()), ("y", targets())]);
    let x = |array: Vec<u8>| npz(&[("x", array), ("y", targets())]);
    let y = |array: Vec<u8>| npz(&[("x", inputs()), ("y", array)]);
    let three = |class: i64| array("<i8", "(3,)", &[0, class, 1].map(i64::to_le_bytes).concat());
    let columns = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", &[0; 24]);
    let nan = array("<f4", "(3, 2)", &[0.5, f32::NAN, 0.0, 0.0, 0.0, 0.0].map(f32::to_le_bytes).concat());
    let wrong: Vec<(Vec<u8>, &[&str])> = vec![
        (b"id,x\n1,2\n".to_vec(), &["no NPZ file"]),
        (Vec::new(), &["no NPZ file"]),
        (good[..good.len() / 2].to_vec(), &["no NPZ file, or is cut short"]),
        (npz(&[("x", inputs()), ("labels", targets())]), &["no array `y`", "labels"]),
        (x(b"PK and no array".to_vec()), &["`x`", "no NPY file"]),
        (x(npy("nothing of use", &[])), &["`x`", "no header"]),
        (x(array("<c16", "(3, 2)", &[0; 96])), &["`x`", "<c16", "float32"]),
        (x(array("|O", "(3, 2)", &[0; 24])), &["`x`", "|O"]),
        (x(columns), &["`x`", "column by column", "ascontiguousarray"]),
        (x(array("<f4", "(3, 2)", &[0; 20])), &["`x`", "cut short", "20 bytes of 24"]),
        (x(array("<f4", "(3, 2)", &[0; 28])), &["`x`", "goes on after"]),
        (x(array("<f4", "(3, 9999999999)", &[0; 24])), &["`x`", "cut short"]),
        (x(array("<f4", "(3, 9223372036854775807)", &[0; 24])), &["`x`", "9223372036854775807", "not rows of numbers"]),
        (x(array("<f4", "(3, 99999999999999999999999)", &[0; 24])), &["`x`", "no header"]),
        (x(array("<f4", "()", &[0; 4])), &["`x`", "not rows of numbers"]),
        (x(array("<f4", "(3, 0)", &[])), &["`x`", "not rows of numbers"]),
        (x(nan), &["`x`", "NaN", "element 1"]),
        (y(array("<i8", "(2,)", &[0; 16])), &["`y`", "3 rows"]),
        (y(three(-1)), &["`y`", "the label -1 in row 1"]),
        (y(three(1 << 40)), &["`y`", "in row 1"]),
    ];
    let folder = folder(&[]);
    for (bytes, words) in wrong {
        put(&folder, "rows.npz", &bytes);
        refused(&folder, NPZ, &[&["rows.npz"], words].concat());
    }
}

#[test]
fn rows_of_an_npz_have_lengths_of_their_own() {
    let folder = folder(&[]);
    // three rows of two steps of two numbers
    let x =
        || array("<f4", "(3, 2, 2)", &(1..=12).map(|i| i as f32).map(f32::to_le_bytes).collect::<Vec<_>>().concat());
    let lengths = |of: [i64; 3]| array("<i8", "(3,)", &of.map(i64::to_le_bytes).concat());
    let data = "{ type = \"npz\", path = \"rows.npz\", lengths = \"n\", test = 1 }";
    put(&folder, "rows.npz", &npz(&[("x", x()), ("y", targets()), ("n", lengths([1, 2, 1]))]));
    let (outline, parts) = load(folder.path(), data).expect("a good archive");
    assert!(outline.padded);
    assert_eq!((&parts.train.lengths[..], &parts.test.lengths[..]), (&[1, 2][..], &[1][..]));
    assert_eq!(parts.train.x, [1.0, 2.0, 0.0, 0.0, 5.0, 6.0, 7.0, 8.0], "what is padding is zero");
    assert_eq!(parts.test.x, [9.0, 10.0, 0.0, 0.0]);
    let wrong: Vec<(Vec<u8>, &[&str])> = vec![
        (lengths([1, 0, 1]), &["the length 0 in row 1", "2 steps"]),
        (lengths([1, 2, 3]), &["the length 3 in row 2", "2 steps"]),
        (lengths([-1, 2, 1]), &["the length -1 in row 0"]),
        (array("<i8", "(2,)", &[0; 16]), &["integers of the shape 2", "3 rows of `x`"]),
        (array("<i8", "(3, 1)", &[1; 24]), &["integers of the shape 3 x 1"]),
        (array("<f4", "(3,)", &[0; 12]), &["floats of the shape 3"]),
    ];
    for (array, words) in wrong {
        put(&folder, "rows.npz", &npz(&[("x", x()), ("y", targets()), ("n", array)]));
        refused(&folder, data, &[&["rows.npz", "`n`"], words].concat());
    }
    put(&folder, "rows.npz", &npz(&[("x", x()), ("y", targets())]));
    refused(&folder, data, &["no array `n`"]);
    let arrays = [("x", x()), ("y", targets()), ("n", lengths([1, 2, 1])), ("x_test", x()), ("y_test", targets())];
    let both = [&arrays[..], &[("m", lengths([2, 2, 1]))]].concat();
    put(&folder, "rows.npz", &npz(&both));
    let data = "{ type = \"npz\", path = \"rows.npz\", lengths = \"n\", lengths_test = \"m\" }";
    assert_eq!(load(folder.path(), data).expect("a good archive").1.test.lengths, [2, 2, 1]);
}

// CSV

const CSV: &str = "{ type = \"csv\", path = \"rows.csv\", test = 1 }";

#[test]
fn csv_is_read_with_and_without_header_in_every_dialect() {
    let plain = "1,2,0\n3,4,1\n5,6,0\n";
    let dialects = [
        plain.to_owned(),
        format!("a,b,target\n{plain}"),
        format!("\u{feff}a,b,target\r\n{}", plain.replace('\n', "\r\n")),
        plain.trim_end().to_owned(),
        plain.replace('\n', "\n\n").replace(',', " , "),
        "\"1\",\"2\",0\n3.0,4e0,1\n+5,6.,0\n".to_owned(),
    ];
    let read = |text: &str| {
        let folder = folder(&[("rows.csv", text)]);
        load(folder.path(), CSV).unwrap_or_else(|message| panic!("{text}: {message}")).1
    };
    let first = read(&dialects[0]);
    assert_eq!((first.train.rows(), first.test.rows(), first.train.labels.target()), (2, 1, Target::Classes(2)));
    for text in &dialects {
        let same = read(text);
        assert_eq!((&same.train, &same.test), (&first.train, &first.test), "{text}");
    }
}

#[test]
fn csv_cells_that_are_wrong_are_named_by_row_and_column() {
    let rows = "a,b,target\n1,2,0\n3,4,1\n";
    let wrong: Vec<(Vec<u8>, &[&str])> = vec![
        (format!("{rows}5,six,1\n").into_bytes(), &["row 4", "`b`", "`six`"]),
        (b"1,2,0\n3,x,1\n5,6,0\n".to_vec(), &["row 2", "column 1", "`x`"]),
        (format!("{rows}\n\n5,1e999,1\n").into_bytes(), &["row 6", "`b`", "`1e999`"]),
        (format!("{rows}5,nan,1\n").into_bytes(), &["row 4", "`b`", "`nan`"]),
        (format!("{rows}5,6\n").into_bytes(), &["row 4", "2 cells", "3"]),
        (format!("{rows}\"5,6,1\n7,8,0\n").into_bytes(), &["row 4"]),
        (b"a,b,target\n1,2,0\n\xff\xfe,4,1\n".to_vec(), &["row 3", "UTF-8"]),
        (b"a,b,target\n".to_vec(), &["no rows"]),
        (b"".to_vec(), &["empty"]),
        (b"1\n2\n3\n".to_vec(), &["one column"]),
        (b"1;2;0\n3;4;1\n".to_vec(), &["separated by commas"]),
        (b"1,2,0\n3,4,0\n5,6,0\n".to_vec(), &["one class"]),
        (b"1,2,0\n".to_vec(), &["row"]),
    ];
    let folder = folder(&[]);
    for (bytes, words) in wrong {
        put(&folder, "rows.csv", &bytes);
        refused(&folder, CSV, &[&["rows.csv"], words].concat());
    }
    put(&folder, "rows.csv", rows.as_bytes());
    let section = |target: &str| format!("{{ type = \"csv\", path = \"rows.csv\", target = {target}, test = 1 }}");
    refused(&folder, &section("\"tarot\""), &["no column `tarot`", "`target`"]);
    refused(&folder, &section("3"), &["column 3", "3 columns"]);
}

// Places

const FILE: &str = "name = \"digits\"\nseeds = 1\nloss = \"cross_entropy\"\noptimizer = { type = \"sgd\", lr = 0.1 }\n\
                    train = { steps = 1, batch_size = 4 }\nnetwork.layers = [{ type = \"dense\", units = 10 }]\n";

/// The message of files that are not there is the documentation that a person reads first.
#[test]
fn what_is_missing_is_said_with_the_files_and_the_folder_they_belong_in() {
    let files = mnist();
    let text = format!("{FILE}[data]\ntype = \"mnist\"\nverify = false\n");
    let work = folder(&[("digits.toml", &text)]);
    let check = ["check", "digits.toml"];
    let missing = expect(2, work.path(), &check).err;
    for word in FILES.iter().chain(&["`data/mnist/`", "--data DIR", "digits.toml:"]) {
        assert!(missing.contains(word), "`{word}` is missing in\n{missing}");
    }
    let found = files.path().to_str().expect("a plain path");
    expect(0, work.path(), &[check[0], check[1], "--data", found]);
    let status = |variable: &str| {
        let mut command = runner(work.path());
        command.args(check).env("RUNNER_DATA", variable).output().expect("it starts").status
    };
    assert!(status(found).success() && !status("nowhere").success() && !status("").success());
    // one file of four is not enough
    put(&work, &format!("data/mnist/{}", FILES[0]), &images(12));
    assert_eq!(ask(work.path(), &check).code, Some(2));
    for file in FILES {
        let bytes = std::fs::read(files.path().join("mnist").join(file)).expect("it is there");
        put(&work, &format!("data/mnist/{file}"), &bytes);
    }
    expect(0, work.path(), &check);

    let text = format!("{FILE}[data]\ntype = \"csv\"\npath = \"flowers.csv\"\n");
    let work = folder(&[("digits.toml", &text)]);
    let missing = expect(2, work.path(), &check).err;
    assert!(missing.contains("no file `flowers.csv`") && missing.contains("data/flowers.csv"), "{missing}");
}

/// A header that is right and rows that are not: the trial fails, alone and with exit code 1.
#[test]
fn files_that_turn_out_to_be_cut_short_fail_the_trial() {
    let files = mnist();
    put(&files, &format!("mnist/{}", FILES[0]), &images(12)[..5000]);
    let work = folder(&[("digits.toml", &format!("{FILE}[data]\ntype = \"mnist\"\nverify = false\n"))]);
    let found = files.path().to_str().expect("a plain path");
    let failed = expect(1, work.path(), &["digits.toml", "--data", found]);
    assert!(failed.err.contains("failed") && failed.err.contains("cut short"), "{}", failed.err);
    let status = expect(1, work.path(), &["status", "results/digits"]).out;
    assert!(status.contains("1 failed"), "{status}");
    // mended files are another trial, and it is trained
    put(&files, &format!("mnist/{}", FILES[0]), &images(12));
    expect(0, work.path(), &["digits.toml", "--data", found]);
    expect(0, work.path(), &["status", "results/digits"]);
}

// Random bytes

/// A good file with some bytes replaced and its end cut off.
fn spoilt(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..6);
    (changes, 0..=length).prop_map(move |(changes, kept)| {
        let mut bytes = good.clone();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        // mostly whole: what is cut short is found early
        bytes.truncate(if kept % 3 == 0 { kept } else { length });
        bytes
    })
}

fn random() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_idx(file in 0_usize..4, bytes in prop_oneof![random(), spoilt(images(5)), spoilt(packed(&labels(12)))]) {
        let folder = mnist();
        put(&folder, &format!("mnist/{}", FILES[file]), &bytes);
        let _ = load(folder.path(), MNIST);
    }

    #[test]
    fn any_bytes_as_npz(
        bytes in prop_oneof![random(), spoilt(npz(&[("x", inputs()), ("y", targets())]))],
        x in prop_oneof![random(), spoilt(inputs())],
        y in prop_oneof![random(), spoilt(targets())],
    ) {
        let folder = folder(&[]);
        for bytes in [bytes, npz(&[("x", x.clone()), ("y", targets())]), npz(&[("x", x), ("y", y)])] {
            put(&folder, "rows.npz", &bytes);
            let _ = load(folder.path(), NPZ);
        }
    }

    #[test]
    fn any_bytes_as_csv(bytes in prop_oneof![random(), spoilt(b"a,b,target\n1,2,0\n3,\"4\",1\n5,6,0\n".to_vec())], text in "[0-9a,.\n\"-]{0,60}") {
        let folder = folder(&[]);
        for bytes in [&bytes, text.as_bytes()] {
            put(&folder, "rows.csv", bytes);
            let _ = load(folder.path(), CSV);
        }
    }
}

// Published files

/// The folder of published files, if there is one.
fn published() -> Option<PathBuf> {
    let folder = std::env::var_os("RUNNER_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let found = folder.is_dir();
    if !found {
        println!("skipped: there is no `{}`; name a folder with the files in RUNNER_TEST_DATA", folder.display());
    }
    found.then_some(folder)
}

#[test]
fn published_sets_are_what_they_were_published_as() {
    let Some(folder) = published() else { return };
    for set in ["mnist", "fashion_mnist"] {
        // with their digests: `verify` is the default
        let (outline, _) = load(&folder, &format!("{{ type = \"{set}\" }}")).unwrap_or_else(|m| panic!("{set}: {m}"));
        assert_eq!((outline.train, outline.test, outline.target), (60_000, 10_000, Target::Classes(10)), "{set}");
    }
    let archive = "{ type = \"npz\", path = \"mnist1d/mnist1d.npz\", x = \"x_train\", y = \"y_train\" }";
    let (outline, _) = load(&folder, archive).unwrap_or_else(|m| panic!("{m}"));
    assert_eq!((outline.train, outline.test, outline.target), (4000, 1000, Target::Classes(10)));
    for (file, rows, target) in [
        ("uci/iris.csv", 150, Target::Classes(3)),
        ("uci/wine.csv", 178, Target::Classes(3)),
        ("uci/banknote_authentication.csv", 1372, Target::Classes(2)),
    ] {
        let (outline, _) =
            load(&folder, &format!("{{ type = \"csv\", path = \"{file}\" }}")).unwrap_or_else(|m| panic!("{m}"));
        assert_eq!((outline.train + outline.test, outline.target), (rows, target), "{file}");
    }
}

/// Two sets with the same names of files are told from each other.
#[test]
fn clothes_are_not_taken_for_digits() {
    let Some(folder) = published() else { return };
    let error = load(&folder.join("fashion-mnist"), "{ type = \"mnist\" }").expect_err("they are clothes");
    assert!(error.contains("as published") && error.contains("mnist"), "{error}");
}

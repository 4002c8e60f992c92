//! Digests: what names a trial, a data file and the final weights. BLAKE3 (O'Connor et al. 2020), written in hexadecimal,
//! the same on every machine.

use std::io::Read;
use std::path::Path;

use super::error::{Error, Result};

/// How many hexadecimal digits are kept: 64 bits, so that among a million trials a collision has odds of 1 in 10^7.
const DIGITS: usize = 16;

/// The digest of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    short(&blake3::hash(bytes))
}

/// The digest of numbers: of their little-endian bytes, in order.
pub fn digest_f32(numbers: &[f32]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = [0_u8; 4096];
    for block in numbers.chunks(buffer.len() / 4) {
        for (bytes, x) in buffer.chunks_exact_mut(4).zip(block) {
            bytes.copy_from_slice(&x.to_le_bytes());
        }
        hasher.update(&buffer[..block.len() * 4]);
    }
    short(&hasher.finalize())
}

/// The digest of files, one after the other. Errors: a file that cannot be read.
pub fn digest_files<P: AsRef<Path>>(paths: &[P]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0_u8; 1 << 16];
    for path in paths.iter().map(AsRef::as_ref) {
        let mut file = std::fs::File::open(path).map_err(|e| Error::file("read", path, &e))?;
        loop {
            match file.read(&mut buffer).map_err(|e| Error::file("read", path, &e))? {
                0 => break,
                n => hasher.update(&buffer[..n]),
            };
        }
    }
    Ok(short(&hasher.finalize()))
}

fn short(hash: &blake3::Hash) -> String {
    hash.to_hex()[..DIGITS].to_owned()
}

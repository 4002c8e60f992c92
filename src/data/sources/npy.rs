//! NPY, the format of a single array (NumPy enhancement proposal 1): a magic word, a version, the length of the header,
//! the header as the text of a Python dictionary, then the elements. Of that text only three entries are looked for, so
//! there is no expression to parse, and nothing that a hostile file could nest without end.
//!
//! A header is a claim: nothing is allocated because of it, memory grows with the bytes that are really there.

use std::io::Read;

/// An array whose header was read.
pub(super) struct Array<R> {
    /// Its extents; none for a single number.
    pub shape: Vec<usize>,
    element: Element,
    rest: R,
}

/// How an element is stored.
#[derive(Debug, Clone, Copy)]
struct Element {
    big_endian: bool,
    form: Form,
    /// Bytes.
    size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Float,
    Signed,
    Unsigned,
}

/// Headers are 128 bytes for arrays of numbers; longer ones are cut off here.
const LONGEST_HEADER: u64 = 1 << 16;

impl<R: Read> Array<R> {
    /// Reads the header. Errors, as what the array is: no NPY file, not an array of numbers, in column order.
    pub fn open(mut from: R) -> Result<Self, String> {
        let mut begin = [0; 8];
        from.read_exact(&mut begin).map_err(|e| unreadable(&e))?;
        let [b'\x93', b'N', b'U', b'M', b'P', b'Y', version, _] = begin else {
            return Err("is no NPY file".into());
        };
        let mut length = [0; 4];
        let bytes = if version == 1 { 2 } else { 4 };
        from.read_exact(&mut length[..bytes]).map_err(|e| unreadable(&e))?;
        let length = u64::from(u32::from_le_bytes(length)).min(LONGEST_HEADER);
        let mut header = Vec::new();
        from.by_ref().take(length).read_to_end(&mut header).map_err(|e| unreadable(&e))?;
        let header = String::from_utf8_lossy(&header);
        let malformed = || format!("has no header that says what it holds: `{}`", shown(&header));

        let written = value(&header, "descr").ok_or_else(malformed)?;
        let element = element(written).ok_or_else(|| {
            format!("has elements of type {}, not float32, float64 or an integer of 8 to 64 bits", shown(written))
        })?;
        let shape = value(&header, "shape").and_then(extents).ok_or_else(malformed)?;
        let by_columns = value(&header, "fortran_order").ok_or_else(malformed)?.starts_with("True");
        if by_columns && shape.len() > 1 {
            return Err("is stored column by column; save `numpy.ascontiguousarray(...)` of it".into());
        }
        Ok(Self { shape, element, rest: from })
    }

    /// Whether the elements are integers.
    pub fn is_whole(&self) -> bool {
        self.element.form != Form::Float
    }

    /// Reads the elements in single precision, in row order. Errors: as for opening, more or fewer bytes than the shape
    /// says, and what is not finite.
    pub fn read(mut self) -> Result<Vec<f32>, String> {
        let size = self.element.size;
        let expected = self.shape.iter().try_fold(size, |n, extent| n.checked_mul(*extent));
        let expected = expected.ok_or_else(|| "has a shape beyond all memory".to_owned())?;
        let mut bytes = Vec::new();
        // one byte more than the shape says, to see that there is none
        let most = (expected as u64).saturating_add(1);
        self.rest.by_ref().take(most).read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
        match bytes.len() {
            n if n < expected => return Err(format!("is cut short: {n} bytes of {expected}")),
            n if n > expected => return Err(format!("goes on after the {expected} bytes of its shape")),
            _ => {}
        }
        let numbers: Vec<f32> = bytes.chunks_exact(size).map(|bytes| self.element.number(bytes) as f32).collect();
        match numbers.iter().position(|x| !x.is_finite()) {
            Some(at) => Err(format!("holds {} at element {at}, not a finite number", numbers[at])),
            None => Ok(numbers),
        }
    }
}

impl Element {
    /// The element in these bytes; integers beyond 2^53 are rounded.
    fn number(self, bytes: &[u8]) -> f64 {
        let join = |n: u64, byte: &u8| (n << 8) | u64::from(*byte);
        let bits = if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
        let unused = 64 - 8 * self.size as u32;
        match (self.form, self.size) {
            (Form::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Form::Float, _) => f64::from_bits(bits),
            (Form::Signed, _) => ((bits << unused) as i64 >> unused) as f64,
            (Form::Unsigned, _) => bits as f64,
        }
    }
}

/// What stands in the dictionary after a key.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}':"))?;
    Some(header[at + key.len() + 3..].trim_start())
}

/// The type in `'<f4', ...`.
fn element(written: &str) -> Option<Element> {
    let (name, _) = written.strip_prefix('\'')?.split_once('\'')?;
    let (order, kind) = name.split_at_checked(1)?;
    let (form, size) = match kind {
        "f4" => (Form::Float, 4),
        "f8" => (Form::Float, 8),
        "i1" => (Form::Signed, 1),
        "i2" => (Form::Signed, 2),
        "i4" => (Form::Signed, 4),
        "i8" => (Form::Signed, 8),
        "u1" => (Form::Unsigned, 1),
        "u2" => (Form::Unsigned, 2),
        "u4" => (Form::Unsigned, 4),
        "u8" => (Form::Unsigned, 8),
        _ => return None,
    };
    match order {
        "<" | "|" => Some(Element { big_endian: false, form, size }),
        ">" => Some(Element { big_endian: true, form, size }),
        _ => None,
    }
}

/// The numbers in `(4000, 40), ...`.
fn extents(written: &str) -> Option<Vec<usize>> {
    let (inside, _) = written.strip_prefix('(')?.split_once(')')?;
    // `(4000,)` has a comma more than numbers
    let inside = inside.trim();
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    if inside.is_empty() {
        return Some(Vec::new());
    }
    inside.split(',').map(|n| n.trim().parse().ok()).collect()
}

fn unreadable(error: &std::io::Error) -> String {
    format!("cannot be unpacked: {error}")
}

/// The beginning of a text, fit for a message.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect::<String>().trim_end().to_owned()
}

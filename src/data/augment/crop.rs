//! `crop`: a window of an image at a random place each time it is trained on, and the one in the middle when it is measured. It
//! is the only augmentation that gives rows another shape: the network sees rows of the window's.

use super::*;

/// Beyond it a slip of the pen is likelier than a wish.
const MOST: i64 = 1 << 10;

pub(super) fn entry() -> Entry<Build> {
    let padding = Kind::Whole { least: 0, most: MOST };
    let about = About {
        name: "crop",
        aliases: &["random_crop", "RandomCrop"],
        summary: "a window of an image, or of rows of one extent, at a random place; the one in the middle when rows are \
                  measured (`data.crop` keeps the middle of all rows)",
        formula: "x'[i, j] = x[i + a - padding, j + b - padding], 0 outside of x, a uniform from 0 to height + 2 padding - \
                  size, b likewise with the width; a = 0 and one line for rows of one extent; rows of two extents \
                  are images of one channel",
        source: "Krizhevsky, Sutskever & Hinton 2012; torchvision RandomCrop(size, padding)",
        keys: vec![
            Key::required(
                "size",
                Kind::COUNT,
                "pixels of the window along each axis; where the rest is odd, measured rows lose the pixel more above and to the left",
            ),
            Key::preset("padding", padding, "0", "zeros around the image that a window may reach into"),
        ],
        example: "{ type = \"crop\", size = 4, padding = 1 }".into(),
    };
    let build: Build = |values| Box::new(Crop { size: values.count("size"), padding: values.count("padding") });
    Entry { about, build }
}

#[derive(Debug)]
struct Crop {
    size: usize,
    padding: usize,
}

impl Crop {
    /// Zeros above and to the left of an image. The line of a signal does not move down.
    fn rim(&self, planes: Planes) -> [usize; 2] {
        [if planes.line { 0 } else { self.padding }, self.padding]
    }

    /// In how many places a window can begin, down and to the right; none where an axis is too short for it.
    fn places(&self, planes: Planes) -> Option<[usize; 2]> {
        let (made, [above, left]) = (self.window(planes), self.rim(planes));
        let along =
            |extent: usize, rim: usize, made: usize| (extent + 2 * rim + 1).checked_sub(made).filter(|n| *n > 0);
        Some([along(planes.height, above, made.height)?, along(planes.width, left, made.width)?])
    }

    fn window(&self, planes: Planes) -> Planes {
        Planes { height: if planes.line { 1 } else { self.size }, width: self.size, ..planes }
    }

    /// The window that begins there.
    fn cut(&self, planes: Planes, at: [usize; 2], from: &[f32], to: &mut [f32]) {
        let (made, Planes { height, width, .. }) = (self.window(planes), planes);
        let [above, left] = self.rim(planes);
        let inside = |at: usize, rim: usize, extent: usize| at.checked_sub(rim).filter(|at| *at < extent);
        for (from, to) in from.chunks_exact(height * width).zip(to.chunks_exact_mut(made.height * made.width)) {
            for (k, x) in to.iter_mut().enumerate() {
                let i = inside(at[0] + k / made.width, above, height);
                let j = inside(at[1] + k % made.width, left, width);
                *x = i.zip(j).map_or(0.0, |(i, j)| from[i * width + j]);
            }
        }
    }
}

impl Augmentation for Crop {
    fn made(&self, planes: Planes) -> Result<Planes, String> {
        let rim = if self.padding > 0 { format!(" and {} of padding", 2 * self.padding) } else { String::new() };
        let Planes { height, width, line } = planes;
        match self.places(planes) {
            Some(_) => Ok(self.window(planes)),
            None if !line => Err(format!("`crop` takes {} pixels of images of {height} x {width}{rim}", self.size)),
            None => Err(format!("`crop` takes {} numbers of rows of {width}{rim}", self.size)),
        }
    }

    fn apply(&self, stream: &mut Stream, planes: Planes, from: &[f32], to: &mut [f32]) {
        let [down, right] = self.places(planes).expect("the section was checked");
        let mut draw = |places: usize| stream.below(places as u64) as usize;
        let at = [if planes.line { 0 } else { draw(down) }, draw(right)];
        self.cut(planes, at, from, to);
    }

    fn still(&self, planes: Planes, from: &[f32], to: &mut [f32]) {
        let middle = self.places(planes).expect("the section was checked").map(|places| places / 2);
        self.cut(planes, middle, from, to);
    }
}

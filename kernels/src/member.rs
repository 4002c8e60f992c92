//! stub
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    Any,
    AtLeast(f64),
    Above(f64),
    Within(f64, f64),
    Below(f64, f64),
}
impl Bounds {
    pub fn contains(self, x: f64) -> bool {
        match self {
            Bounds::Any => true,
            Bounds::AtLeast(a) => x >= a,
            Bounds::Above(a) => x > a,
            Bounds::Within(a, b) => x >= a && x <= b,
            Bounds::Below(a, b) => x >= a && x < b,
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    Number,
    Flag,
    Pair,
}
pub struct Setting {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub form: Form,
    pub default: Option<&'static [f64]>,
    pub bounds: Bounds,
    pub summary: &'static str,
}
pub struct Member<B: 'static> {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub summary: &'static str,
    pub formula: &'static str,
    pub source: &'static str,
    pub settings: &'static [Setting],
    pub build: B,
}

//! A scale of colours for numbers: viridis, whose lightness rises evenly, so that readers with any colour vision, and a
//! grey print, see the same order (van der Walt & Smith 2015).

use plotters::style::RGBColor;

/// Every eighth of the scale; between two, the line in sRGB.
const VIRIDIS: [(u8, u8, u8); 9] = [
    (68, 1, 84),
    (71, 45, 123),
    (59, 82, 139),
    (44, 114, 142),
    (33, 145, 140),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
];

/// The colour of a share of the scale: dark at 0, light at 1; beyond, that of the end.
pub fn viridis(share: f64) -> RGBColor {
    let at = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (at as usize).min(VIRIDIS.len() - 2);
    let (a, b) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (at - below as f64) * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Black or white, whichever is read better on the colour (its luma, ITU-R BT.601).
pub fn ink_on(RGBColor(r, g, b): RGBColor) -> RGBColor {
    let luma = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if luma > 140.0 { RGBColor(20, 20, 20) } else { RGBColor(255, 255, 255) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_grows_lighter_all_along() {
        let luma = |i: usize| {
            let RGBColor(r, g, b) = viridis(i as f64 / 100.0);
            0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
        };
        assert!((1..=100).all(|i| luma(i) > luma(i - 1) - 0.6 && luma(i) < luma(i - 1) + 4.0));
        assert_eq!(viridis(-1.0), viridis(0.0));
        assert_eq!(viridis(7.0), RGBColor(253, 231, 37));
        assert_eq!(ink_on(viridis(0.0)), RGBColor(255, 255, 255));
        assert_eq!(ink_on(viridis(1.0)), RGBColor(20, 20, 20));
    }
}

//! Functions of a number from zero on as polynomials of degree 7 in eight pieces: a coefficient is looked up in a table of
//! eight, which is one permutation of a register. There is no division, and the last operation is a sum whose smaller part
//! carries the errors of all before it, so little more than half a unit in the last place is lost.
//!
//! The pieces are two to a doubling of `t + offset`, so the exponent of that sum and the first bit of its mantissa are the
//! place in the tables, modulo eight. Centres are floats near the middle of a piece at which the function is nearly a
//! float ("accurate tables", Gal 1986), so that the constant term brings no error with it. The coefficients have the least
//! relative error, found by Lawson's iteration (1961) and rounded one after the other: `kernels/tests/pieces.py` makes them.

use crate::isa::Simd;

/// A function in pieces.
pub(super) struct Pieces {
    /// What is added to `t` to find its piece.
    offset: f32,
    /// Row 0: the centres of the pieces; row `1 + k`: the coefficients of `(t - centre)^k`.
    rows: [[f32; 8]; 9],
}

impl Pieces {
    /// `f(t)` for `t` from zero to the end of the table, as the unevaluated sum of its rounded value and the rest.
    #[inline(always)]
    pub(super) fn eval<S: Simd>(&self, s: S, t: S::V) -> (S::V, S::V) {
        let place = s.shr(s.add(t, s.splat(self.offset)), 22);
        let [centre, constant, rest @ .., last] = &self.rows;
        let d = s.sub(t, s.lookup(centre, place));
        let mut y = s.lookup(last, place);
        for row in rest.iter().rev() {
            y = s.mul_add(y, d, s.lookup(row, place));
        }
        let constant = s.lookup(constant, place);
        let value = s.mul_add(y, d, constant);
        (value, s.mul_add(y, d, s.sub(constant, value)))
    }
}

/// `tanh t` for `t` up to 9.5; 2^-24.9 at worst.
#[rustfmt::skip]
pub(super) static TANH: Pieces = Pieces {
    offset: 0.75,
    rows: [
        [1.749_765, 2.749_266, 4.248_235_7, 6.250_181, 8.371_185, 0.0, 0.499_970_8, 1.000_199_2],
        [0.941_348_8, 0.991_847_8, 0.999_591_7, 0.999_992_55, 0.999_999_9, 0.0, 0.462_094_2, 0.761_677_8],
        [0.113_862_5, 0.016_237_916, 8.163_933_5e-4, 1.490_056_55e-5, 2.142_598_4e-7, 1.0, 0.786_469, 0.419_846_92],
        [-0.107_181_85, -0.016_105_542, -8.165_696e-4, -1.491_047_7e-5, -4.310_934e-8, -3.828_183e-8, -0.363_422_4, -0.319_788_4],
        [0.062_941_454, 0.010_561_543_5, 5.439_206e-4, 9.940_814e-6, 1.418_643_3e-7, -0.333_330_45, -0.094_224_39, 0.103_627_26],
        [-0.023_583_079, -0.005_106_949_2, -2.684_369_7e-4, -4.909_720_7e-6, -4.310_945_8e-7, -7.133_738e-5, 0.164_645_43, 0.027_695_984],
        [0.003_719_547_3, 0.001_906_669_5, 1.071_580_8e-4, 1.963_767_5e-6, 3.262_531_6e-8, 0.134_128_17, -0.027_055_344, -0.046_319_332],
        [0.002_393_811_2, -5.462_819e-4, -4.079_054e-5, -7.586_154_4e-7, 1.788_215e-7, -0.004_258_693_7, -0.049_429_327, 0.018_101_688],
        [-0.002_059_369_3, 1.009_381_96e-4, 1.137_296_3e-5, 2.164_077_7e-7, -3.215_462e-10, -0.044_451, 0.026_070_28, 0.003_008_754],
    ],
};

/// `t e^(t^2/2) Q(t)` for `t` up to 15, with the upper tail `Q` of the standard normal distribution; 2^-26.6 at worst.
#[rustfmt::skip]
pub(super) static TAIL: Pieces = Pieces {
    offset: 1.0,
    rows: [
        [1.499_659_5, 2.499_451_6, 4.00025, 5.999_610_4, 9.001_071, 13.001_533, 0.0, 0.749_925_3],
        [0.308_647_04, 0.353_313_36, 0.377_644_87, 0.388_674_65, 0.394_190_2, 0.396_622_93, 0.0, 0.225_161_66],
        [0.070_399_28, 0.027_309_06, 0.009_210_34, 0.003_181_511_3, 0.001_019_815_1, 3.506_977e-4, 0.5, 0.169_922_95],
        [-0.037_507_948, -0.011_500_104, -0.002_875_648_7, -7.237_227e-4, -1.623_777e-4, -3.955_072_7e-5, -0.398_942, -0.110_065_87],
        [0.016_450_247, 0.004_073_241, 7.708_795_6e-4, 1.434_127_6e-4, 2.274_157_3e-5, 3.943_271e-6, 0.249_988_76, 0.057_448_164],
        [-0.006_330_838_4, -0.001_287_704_8, -1.872_094_9e-4, -2.611_625_5e-5, -2.944_051_4e-6, -3.662_362_6e-7, -0.132_833_47, -0.025_917_022],
        [0.002_209_551_6, 3.741_799_2e-4, 4.242_189_2e-5, 4.485_136_3e-6, 3.627_709_8e-7, 3.248_945_3e-8, 0.061_600_37, 0.010_462_498],
        [-7.442_936e-4, -1.047_784_3e-4, -9.883_838e-6, -7.725_132e-7, -4.804_788_7e-8, -2.946_834_3e-9, -0.023_743_983, -0.003_918_288_3],
        [2.278_178_7e-4, 2.702_506_8e-5, 2.059_669_4e-6, 1.232_238_3e-7, 5.674_583_5e-9, 2.501_119e-10, 0.005_683_320_6, 0.001_442_194_2],
    ],
};

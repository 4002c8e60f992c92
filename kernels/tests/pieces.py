"""The coefficients of `kernels/src/math/pieces.rs`: prints the rows of both tables.

    python -m venv VENV && VENV/bin/pip install numpy mpmath     # VENV: any folder outside the repository
    VENV/bin/python kernels/tests/pieces.py

A piece is `c_0 + c_1 (t - centre) + ... + c_7 (t - centre)^7`. The centre is the float near the middle at which the function
is nearest to a float, which becomes `c_0`. The other coefficients minimise the largest error relative to the function: each
is found together with those after it by Lawson's iteration (least squares, weights multiplied by the errors), then rounded.
"""

import mpmath
import numpy as np

mpmath.mp.prec = 120
DEGREE = 7
POINTS = 400


def tail(t):
    return t * mpmath.erfc(t / mpmath.sqrt(2)) / 2 * mpmath.exp(t * t / 2)


def bits(x):
    return int(np.float32(x).view(np.uint32))


def centre_near(f, middle):
    """The float among 8000 around `middle` at which `f` is nearest to a float."""

    def miss(x):
        y = f(mpmath.mpf(float(x)))
        near = np.float32(float(y))
        return abs(float(y - mpmath.mpf(float(near)))) / float(np.spacing(near))

    around = [np.uint32(bits(middle) + step).view(np.float32) for step in range(-4000, 4000)]
    return float(min(around, key=miss))


def lawson(f, low, high, centre, known):
    """The coefficients after the known ones, and log2 of the largest relative error."""
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)
    exact = [f(mpmath.mpf(v)) for v in x]
    partly = lambda v: sum(mpmath.mpf(c) * (v - mpmath.mpf(centre)) ** k for k, c in enumerate(known))
    rest = np.array([float((y - partly(mpmath.mpf(v))) / y) for v, y in zip(x, exact)])
    width = max(abs(low - centre), abs(high - centre))
    powers = range(len(known), DEGREE + 1)
    basis = np.stack([((x - centre) / width) ** k for k in powers], 1) / np.array([float(y) for y in exact])[:, None]
    weights = np.ones(POINTS)
    for _ in range(300):
        root = np.sqrt(weights)
        found = np.linalg.lstsq(basis * root[:, None], rest * root, rcond=None)[0]
        errors = np.abs(basis @ found - rest)
        weights *= errors + 1e-30
        weights /= weights.sum()
    return [c / width**k for c, k in zip(found, powers)], np.log2(errors.max())


def pieces(f, offset, end, slope):
    ends = sorted(m * 2.0**e - offset for e in range(-1, 5) for m in (1, 1.5))
    ends = [edge for edge in ends if 0 < edge < end] + [end]
    rows = np.zeros((DEGREE + 2, 8), np.float32)
    for low, high in zip([0.0, *ends], ends):
        centre, known = 0.0, [0.0, slope]
        if low:
            centre = centre_near(f, (low + high) / 2)
            known = [float(np.float32(float(f(mpmath.mpf(centre)))))]
        while len(known) <= DEGREE:
            found, error = lawson(f, max(low, 1e-3), high, centre, known)
            known.append(float(np.float32(found[0])))
        rows[:, bits(low + offset) >> 22 & 7] = [centre, *known]
        print(f"// from {low} to {high}: 2^{error:.1f}")
    for row in rows:
        print("    [" + ", ".join(str(c) for c in row) + "],")


pieces(mpmath.tanh, 0.75, 9.5, 1.0)
pieces(tail, 1.0, 15.0, 0.5)

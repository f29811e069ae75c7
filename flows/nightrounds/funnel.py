"""Funnel plot: how far a facility's rate may lie from everybody's by chance, given how many units it judged.

Shares from 0 to 1. Limits are those of Spiegelhalter, Statistics in Medicine 2005;24:1185: normal limits around the common
rate, widened by the square root of phi when facilities differ by more than chance; phi is the mean squared z score after the
outermost tenth on either side has been pulled in (winsorised), so that the outliers looked for do not widen their own limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, quantiles

from nightrounds.spc import binomial_sigma

# Two-sided 95 % and 99.8 % limits: a facility outside the first is worth a look, outside the second worth a visit.
WARNING, ALARM = (NormalDist().inv_cdf(1 - share / 2) for share in (0.05, 0.002))
# Phi is believed when it exceeds what chance alone makes likely: 1 + 2 sqrt(2 / facilities).
DOUBT = 2.0
# Below this many judged units a funnel can hardly tell a doubling from chance; and normal limits, in which binomial ones are
# drawn here, need so many findings and so many clear units to be expected (the usual rule). Else a facility is not judged.
LEAST_DENOMINATOR = 30
LEAST_EXPECTED = 5


@dataclass(frozen=True)
class Funnel:
    """The common rate and how over-dispersed facilities are around it; phi is 1 where chance explains the spread."""

    rate: float
    phi: float


@dataclass(frozen=True)
class Mouth:
    """The limits for one denominator, within 0 and 1."""

    warning_low: float
    warning_high: float
    alarm_low: float
    alarm_high: float


def funnel(numerators: Sequence[int], denominators: Sequence[int]) -> Funnel:
    """Return the common rate and phi of facilities, every denominator above 0. Facilities too small to judge do not shape phi."""
    rate = sum(numerators) / sum(denominators)
    large = [(x, n) for x, n in zip(numerators, denominators, strict=True) if is_powered(rate, n)]
    if rate in (0, 1) or len(large) < 2:
        return Funnel(rate, 1.0)
    scores = winsorised([z_score(x, n, rate) for x, n in large])
    phi = fmean([z * z for z in scores])
    return Funnel(rate, phi if phi > 1 + DOUBT * sqrt(2 / len(large)) else 1.0)


def is_powered(rate: float, denominator: int) -> bool:
    """Return whether a facility has judged enough units for its share to be compared with the common rate."""
    return denominator >= LEAST_DENOMINATOR and denominator * min(rate, 1 - rate) >= LEAST_EXPECTED


def z_score(numerator: int, denominator: int, rate: float) -> float:
    """Return how many standard errors a facility's share lies from the common rate."""
    sigma = binomial_sigma(rate, denominator)
    return (numerator / denominator - rate) / sigma if sigma else 0.0


def winsorised(scores: Sequence[float]) -> list[float]:
    """Pull the outermost tenth on either side in to the first and the last decile."""
    low, *_, high = quantiles(scores, n=10, method="inclusive")
    return [min(max(z, low), high) for z in scores]


def mouth(shape: Funnel, denominator: int) -> Mouth:
    """Return the limits at a denominator."""
    sigma = binomial_sigma(shape.rate, denominator) * sqrt(shape.phi)
    warning, alarm = WARNING * sigma, ALARM * sigma
    return Mouth(
        max(0.0, shape.rate - warning), min(1.0, shape.rate + warning), max(0.0, shape.rate - alarm), min(1.0, shape.rate + alarm)
    )


def verdict(shape: Funnel, numerator: int, denominator: int) -> str:
    """Return underpowered, within, or warning/alarm with high or low."""
    if not is_powered(shape.rate, denominator):
        return "underpowered"
    score = z_score(numerator, denominator, shape.rate) / sqrt(shape.phi)
    side = "high" if score > 0 else "low"
    if abs(score) > ALARM:
        return f"alarm {side}"
    return f"warning {side}" if abs(score) > WARNING else "within"

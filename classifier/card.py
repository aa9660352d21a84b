"""Writes the model card:

what a model was made from, what it can, and what it cannot (Mitchell et al. 2019).
"""

from pathlib import Path

from classifier.calibrate import COST_OF_WRONG, FALSE_FLAGS, FALSE_FLAGS_URGENT, Chosen
from classifier.evaluate import Report
from classifier.messages import Split


def performance(report: Report) -> dict[str, float]:
    """Return the figures that stand in the pipeline's own meta."""
    return {
        "type_macro_f1": round(report.kind.macro_f1, 4),
        "factor_macro_f1": round(report.factor.macro_f1, 4),
        "type_calibration_error": round(report.kind.calibration_error, 4),
        "factor_calibration_error": round(report.factor.calibration_error, 4),
    }


def write_card(
    folder: Path,
    *,
    version: str,
    about: str,
    split: Split,
    chosen: Chosen,
    report: Report | None,
    more: str = "",
) -> None:
    """Write `CARD.md` into a model folder."""
    axes = "\n".join(
        f"| {name} | {chosen.temperatures[name]} | {cost:g} | {chosen.thresholds[name]} |"
        for name, cost in COST_OF_WRONG.items()
    )
    flags = ", ".join(f"{lane} {share}" for lane, share in chosen.flags.items())
    figures = report.as_text() if report else "No test part in the corpus."
    text = f"""# Model card: {version}

{about} It suggests; a human confirms. A flag is raised by the rules of `lanes.toml`, which are not trained,
or by the axis special, which sees what no rule foresaw.

Trained on {len(split.train)} messages, calibrated on {len(split.dev) + len(split.later)} by other
authors, measured on {len(split.test)} by authors it has never seen. See `corpus/DATASHEET.md`.

A proposal is shown as sure from the share 1 - 1 / cost, where cost is what a wrong sure proposal costs,
counted in the trouble of choosing by oneself:

| axis | temperature | cost of wrong | sure from |
|---|---|---|---|
{axes}

Flags are raised from these shares, chosen there for at most {FALSE_FLAGS_URGENT:.1%} false flags where
recall comes first and {FALSE_FLAGS:.1%} elsewhere: {flags}.

## Figures on the test part

{figures}
{more}
## Limits

Trained on written messages of invented people; real post will differ. Two careful readers agree on 99 % of
the types and 93 % of the factors, so no figure above that means anything. Weaker on irony, on very short
texts and on languages other than Swedish. A message without a flag may still be urgent: nobody should wait
for a flag before reading.
"""
    (folder / "CARD.md").write_text(text, encoding="utf-8")

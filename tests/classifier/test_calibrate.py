import numpy as np
import pytest

from classifier.calibrate import best_temperature, thresholds_by_cost
from classifier.evaluate import calibration_error, reliability


def test_a_model_that_brags_is_cooled_until_it_is_honest() -> None:
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 4_000)
    honest = random.normal(0, 1, (4_000, 3))
    honest[np.arange(4_000), truth] += 1.5
    truths = np.eye(3, dtype=np.float32)[truth]

    temperature = best_temperature((honest * 4).astype(np.float32), truths)

    assert temperature == pytest.approx(4 * best_temperature(honest.astype(np.float32), truths), rel=0.1)
    assert temperature > 2


def test_the_threshold_is_where_a_look_costs_as_much_as_a_mistake() -> None:
    assert thresholds_by_cost() == {"type": 0.9, "factor": 0.75, "area": 0.75}


def test_the_calibration_error_is_nought_for_one_who_is_as_right_as_said() -> None:
    answers = [(0.75, True)] * 3 + [(0.75, False)]

    assert calibration_error(answers) == 0
    assert [(each.messages, each.confidence, each.right) for each in reliability(answers)] == [
        (4, 0.75, 0.75)
    ]


def test_the_calibration_error_is_the_gap_between_said_and_right() -> None:
    assert calibration_error([(0.95, False)] * 10) == pytest.approx(0.95)
    assert calibration_error([]) == 0

"""What is asked of servers no more than once in a while."""

from __future__ import annotations

import itertools

import pytest

from mainstem.web.lately import Lately


def test_is_asked_again_after_a_while_and_a_failed_question_at_once() -> None:
    now, answers = [0.0], itertools.count()

    def ask() -> int:
        answer = next(answers)
        if answer == 1:
            raise ConnectionError
        return answer

    lately = Lately(ask, 5.0, lambda: now[0])
    assert [lately(), lately()] == [0, 0]
    now[0] = 5.0
    with pytest.raises(ConnectionError):
        lately()
    assert [lately(), lately()] == [2, 2]

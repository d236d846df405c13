"""What is said of a run in which endpoints went wrong."""

from __future__ import annotations

from benchmarks.failover_report import WRONG, Outcome, Part, number_of
from benchmarks.faults import FAULTS, OLD, Met


def query(number: int) -> bytes:
    return f"SELECT ?p ?o ({number} AS ?n) {{ <urn:x> ?p ?o }}".encode()


def test_the_number_of_a_request_is_in_its_query() -> None:
    assert (number_of(query(1234)), number_of(b"ASK {}")) == (1234, 0)


def test_a_fault_that_only_a_probe_met_is_not_met() -> None:
    part = Part(
        "single", met=([Met("cut", b"ASK {}", True, 1.0)], [Met("cut", query(1), False, 1.0)])
    )
    assert part.least_met(["cut"]) == 0
    part.outcomes[1] = Outcome(0.5, 1.25, "right")
    (row,) = part.table(["cut"]).splitlines()[2:]
    assert row == "| cut | 0, 1 | 1 | 1 | 0 | 0 | 0.75 | 0.250 | 0.25 | – |"


def test_requests_that_failed_or_were_wrong_are_told_apart() -> None:
    met = [Met("cut", query(number), False, 1.0) for number in (1, 2, 3, 3)]
    part = Part("single", met=(met, []), back={"cut": [1.0, 2.5]})
    part.outcomes = {1: Outcome(0, 2, "502"), 2: Outcome(0, 3, WRONG), 3: Outcome(0, 4, "right")}
    (row,) = part.table(["cut"]).splitlines()[2:]
    assert row == "| cut | 4, 0 | 0 | 1 | 1 | 1 | 4.00 | 3.000 | 3.00 | 2.50 |"
    assert "right: 1 (33.3333%), failed: {'502': 1}, wrong or short: 1" in part.summary()


def test_an_answer_of_other_data_counts_only_after_the_probe_was_due() -> None:
    met = [Met(OLD, query(number), False, 10.0 + number) for number in range(4)]
    part = Part(OLD, met=(met,), changed={0: [9.5]})
    part.outcomes = {number: Outcome(0, 1, WRONG) for number in range(3)}
    part.outcomes[3] = Outcome(0, 1, "right")  # of another endpoint
    assert part.unseen == 1
    assert (
        "3 answers of it before the probes (0), the last after 2.50 s; 2 later"
        in part.old_answers()
    )


def test_other_data_is_no_fault_among_the_others() -> None:
    assert OLD not in FAULTS

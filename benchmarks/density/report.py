"""The tables of a run: scores, wins, ties and losses, seconds, samples, stability."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.density.cache import Result
from benchmarks.density.comparison import Difference, compare
from benchmarks.density.methods import Method
from benchmarks.density.samples import mean_ks_p_value, sliced_wasserstein
from benchmarks.density.sets import GROUPS, DataSet, Rows
from benchmarks.speed.report import table

NONE = "-"
BEST_PEER = "best peer"


@dataclass(frozen=True)
class Report:
    """What a run knows.

    Attributes:
        rows: of each set.
        sets: in the order of the tables.
        methods: in the order of the tables.
        results: by names of set and method and by seed.
        stale: keys of results of other code or settings than today's.
    """

    rows: dict[str, Rows]
    sets: list[DataSet]
    methods: list[Method]
    results: dict[tuple[str, str, int], Result]
    stale: set[tuple[str, str, int]]

    def lines(self) -> Iterator[str]:
        """Give the lines of all tables, Markdown."""
        for group in GROUPS:
            sets = [dataset for dataset in self.sets if dataset.group == group]
            if sets:
                yield from self._scores(group, sets)
                yield from self._differences(group, sets)
        yield from self._verdicts()
        yield from self._seconds()
        yield from self._samples()
        yield from self._stability()

    def _result(self, dataset: DataSet, method: Method) -> Result | None:
        """Return the result of the first seed that has one."""
        found = self._seeds(dataset, method)
        return found[min(found)] if found else None

    def _seeds(self, dataset: DataSet, method: Method) -> dict[int, Result]:
        wanted = (dataset.name, method.name)
        return {key[2]: result for key, result in self.results.items() if key[:2] == wanted}

    def _of(self, dataset: DataSet) -> dict[str, Result]:
        found = {method.name: self._result(dataset, method) for method in self.methods}
        return {name: result for name, result in found.items() if result is not None}

    @property
    def _ours(self) -> list[str]:
        return [method.name for method in self.methods if method.ours]

    @property
    def _peers(self) -> list[str]:
        return [method.name for method in self.methods if not method.ours]

    def _scores(self, group: str, sets: list[DataSet]) -> Iterator[str]:
        known = group == "targets"
        what = "KL from the truth, lower is better" if known else "test log-likelihood"
        yield f"\n### {group}: {what}, nats a row\n"
        names = [method.name for method in self.methods]
        rows = []
        for dataset in sets:
            results = self._of(dataset)
            best = max(results, key=lambda name: results[name].nats, default="")
            cells = [self._score(dataset, results, name, best) for name in names]
            shape = self.rows[dataset.name].train.shape
            rows.append((f"{dataset.name} {shape[0]} x {shape[1]}", *cells))
        yield from table(("set, training rows x columns", *names), rows)
        yield "\n**best**, = within one standard error of it, ' other code or settings than today's"

    def _score(self, dataset: DataSet, results: dict[str, Result], name: str, best: str) -> str:
        if name not in results:
            return NONE
        result, truth = results[name], self.rows[dataset.name].truth
        text = f"{result.nats:.3f}"
        if truth is not None:
            gap = compare(truth, result.test)
            text = f"{gap.mean:.3f} ± {gap.standard_error:.3f}"
        if name == best:
            text = f"**{text}**"
        elif compare(result.test, results[best].test).verdict == "tie":
            text += " ="
        old = any(key[:2] == (dataset.name, name) for key in self.stale)
        return text + " '" * old

    def _differences(self, group: str, sets: list[DataSet]) -> Iterator[str]:
        for name in self._ours:
            header = (f"{group}: {name} less", *self._peers, BEST_PEER)
            rows = []
            for dataset in sets:
                found = self._against(dataset, name)
                cells = [_signed(found[peer]) if peer in found else NONE for peer in header[1:]]
                rows.append((dataset.name, *cells))
            if any(cell != NONE for row in rows for cell in row[1:]):
                yield ""
                yield from table(header, rows)

    def _against(self, dataset: DataSet, ours: str) -> dict[str, Difference]:
        """Return the differences from each peer and from the one with the best test score."""
        results = self._of(dataset)
        peers = [name for name in self._peers if name in results]
        if ours not in results or not peers:
            return {}
        mine = results[ours].test
        found = {peer: compare(mine, results[peer].test) for peer in peers}
        found[BEST_PEER] = found[max(peers, key=lambda peer: results[peer].nats)]
        return found

    def _verdicts(self) -> Iterator[str]:
        for name in self._ours:
            rows = []
            for peer in (*self._peers, BEST_PEER):
                of_groups = [self._count(name, peer, [group]) for group in GROUPS]
                rows.append((peer, *of_groups, self._count(name, peer, list(GROUPS))))
            yield f"\n### {name}: wins / ties / losses\n"
            yield from table((f"{name} against", *GROUPS, "all"), rows)

    def _count(self, ours: str, peer: str, groups: list[str]) -> str:
        found = (self._against(dataset, ours) for dataset in self.sets if dataset.group in groups)
        verdicts = [differences[peer].verdict for differences in found if peer in differences]
        if not verdicts:
            return NONE
        counts = [verdicts.count(verdict) for verdict in ("win", "tie", "loss")]
        shares = " / ".join(f"{100 * count / len(verdicts):.0f}" for count in counts)
        return f"{' / '.join(map(str, counts))} ({shares} %)"

    def _seconds(self) -> Iterator[str]:
        names = [method.name for method in self.methods]
        rows = []
        for dataset in self.sets:
            results = self._of(dataset)
            cells = [f"{results[n].seconds:.1f}" if n in results else NONE for n in names]
            rows.append((dataset.name, *cells))
        yield "\n### Processor seconds of a fit and its scores, one thread\n"
        yield from table(("set", *names), rows)

    def _samples(self) -> Iterator[str]:
        rows = []
        for dataset in self.sets:
            test, again = self.rows[dataset.name].test, self.rows[dataset.name].again
            if again is None:
                continue
            rows.append((dataset.name, "truth", *_likeness(again, test)))
            for name, result in self._of(dataset).items():
                if result.samples is not None:
                    rows.append((dataset.name, name, *_likeness(result.samples, test)))
        if rows:
            yield "\n### Drawn rows against test rows\n"
            yield from table(("set", "rows of", "sliced Wasserstein", "mean KS p-value"), rows)

    def _stability(self) -> Iterator[str]:
        rows = []
        for dataset in self.sets:
            results = self._of(dataset)
            if "gaussian" not in results:
                continue
            gap = max(result.nats for result in results.values()) - results["gaussian"].nats
            for method in self.methods:
                nats = [result.nats for result in self._seeds(dataset, method).values()]
                if len(nats) > 1:
                    rows.append((dataset.name, method.name, *_spread(nats, gap)))
        if rows:
            yield "\n### Stability over seeds: spread of the mean test log-likelihood\n"
            header = ("set", "method", "seeds", "max - min", "sd", "of gaussian to best", "sd, too")
            yield from table(header, rows)


def _signed(difference: Difference) -> str:
    mark = {"win": "+", "tie": "=", "loss": "-"}[difference.verdict]
    return f"{difference.mean:+.3f} ± {difference.standard_error:.3f} {mark}"


def _likeness(drawn: np.ndarray, test: np.ndarray) -> tuple[str, str]:
    return f"{sliced_wasserstein(drawn, test):.4f}", f"{mean_ks_p_value(drawn, test):.3f}"


def _spread(nats: list[float], gap: float) -> tuple[str, ...]:
    width, deviation = max(nats) - min(nats), float(np.std(nats, ddof=1))
    shares = [f"{value / gap:.2%}" if gap > 0 else NONE for value in (width, deviation)]
    return (str(len(nats)), f"{width:.4f}", f"{deviation:.4f}", *shares)

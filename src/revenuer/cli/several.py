"""`revenuer prove several`: of several suspects, who stays flagged when each pays for all?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from revenuer.cli import options, told, verify
from revenuer.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from revenuer.prove.audit.recompute import Verified

#: What is left of a p-value, and what the bar of 1e-4 then says of all who stay flagged.
METHODS = {
    "holm": ("corrected p", "The chance that any of them is so by luck"),
    "e-bh": ("false discovery rate", "The expected share of them that is so by luck"),
}
CAUTION = "Who is not flagged is not shown innocent; who was tested and left out is not paid for."


@click.command("several")
@click.argument("bundles", metavar="BUNDLE...", nargs=-1, required=True, type=told.file)
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
    default="holm",
    show_default=True,
    help="Holm's of p-values, or e-BH of e-values; chosen before anything is seen.",
)
@verify.checks
@options.as_json
def several(bundles: tuple[Path, ...], method: Any, as_json: bool, **how: Any) -> None:
    """Say which of several suspects stay flagged when each pays for all: one BUNDLE a suspect.

    Each is checked as `revenuer prove verify` does; one that is refused ends it with exit code 1.
    Several tests in a bundle are combined first. Give the bundle of everybody who was tested, those
    in which nothing was found too.
    """
    from revenuer.prove.audit import combine
    from revenuer.prove.audit.conclusion import power
    from revenuer.prove.audit.evidence import Verdict

    found = _verified(bundles, **how)
    within: Any = "bonferroni" if method == "holm" else "e-mean"
    alone = {}
    for place, checked in found.items():
        tests = [statement.evidence for statement in checked.bundle.statements]
        alone[place] = tests[0] if len(tests) == 1 else combine.of_one_suspect(tests, within)
    left = combine.of_suspects(alone, method)
    flagged = [
        name for name, one in left.items() if one.verdict in (Verdict.FLAGGED, Verdict.STRONG)
    ]
    if as_json:
        for place, one in left.items():
            row = {
                "bundle": place, "verdict": str(one.verdict), "is_flagged": place in flagged,
                "method": method, "bundles": len(left), "log10_p_alone": alone[place].log10_p,
                "log10_corrected": one.log10_p, "level": found[place].level,
                "signed_by": found[place].bundle.public_key,
            }  # fmt: skip
            click.echo(json.dumps(row))
        return
    what, promise = METHODS[method]
    click.echo(f"{len(flagged)} of {len(left)} stay flagged. {promise} is at most 10^-4.")
    for place, one in left.items():
        click.echo(f"{place}: {one.verdict}; {what} at most {power(one.log10_p)}.")
    click.echo(CAUTION)


def _verified(
    bundles: tuple[Path, ...], public_key: str | None, token_ids: tuple[Path, ...], key: Path | None
) -> dict[str, Verified]:
    """Return each bundle that was checked, by its place, with those token ids that are its own."""
    from revenuer.prove.audit import bundle, recompute, tokens

    secret = None if key is None else recompute.key_of(told.read(key))
    given = {tokens.digest(one): one for one in map(told.read, token_ids)}
    found: dict[str, Verified] = {}
    for place in bundles:
        content = told.read(place)
        try:
            held = bundle.load(content)
            own = [given[name] for one in held.statements if (name := one.tokens or "") in given]
            checked = recompute.verify(content, public_key=public_key, token_ids=own, key=secret)
        except EvidenceError as error:
            raise EvidenceError(f"{place}: {error.message}", hint=error.hint) from error
        if any(checked.bundle == one.bundle for one in found.values()):
            raise InputError(f"{place} is a bundle that was given already")
        found[str(place)] = checked
    known = {one.tokens for held in found.values() for one in held.bundle.statements}
    if given.keys() - known:
        raise InputError("token ids were given that no bundle is about")
    return found

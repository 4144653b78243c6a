"""Findings in plain words, the same on the page and in the terminal.

A sentence here is about accounts, never about people; it states what was counted, says how sure
that is, and leaves the way to an appeal open.
"""

from __future__ import annotations

from revenuer.records import Campaign, EvidenceItem
from revenuer.report.run import Run
from revenuer.text import at, clean, count, listing, percent

OPEN_TO_APPEAL = "A finding is a statement about accounts, not about people, and is open to appeal."
NOT_THEFT = (
    "Coordination is not theft. These groups act as one, and no more is said about them: "
    "many firms, classes and services do so for good reasons. None of them is accused."
)
SHOWS_NO_ABSENCE = (
    "No campaign was found. That does not show that there is none: a harvest that shares nothing "
    "between its accounts and uses no common wording can stay below what these logs can show."
)

FAMILIES = {
    "footprint": "shared payment, network and client traits",
    "templates": "shared rare wording",
    "partition": "one job split so that nobody asks twice",
    "synchrony": "activity in step",
    "lifecycle": "accounts made and used alike",
    "intent": "what is asked for",
}

REASONS = {
    "no_harvest": "What it asks for shows no harvest.",
    "intent_unavailable": "The logs hold too little to judge what it asks for.",
    "declared": "Its accounts are openly one verified organisation.",
    "known": "It is on the list of known evaluators or authorised distillers.",
    "cleared": "An analyst cleared it, and its evidence has not grown since.",
}

GLOSSARY = (
    ("Exchange", "One request and its response."),
    ("Harvest", "The exchanges collected to train another model."),
    (
        "Coordinated group",
        "Accounts more alike than independent accounts would be, in at least two unrelated ways. "
        "Listed, never accused.",
    ),
    ("Campaign", "A coordinated group that also shows harvest intent."),
    ("Member", "An account whose own exchanges belong to the harvest."),
    (
        "Carrier",
        "An account that carries a harvest among other people's traffic. Only the matching "
        "exchanges are meant, not its other users.",
    ),
    ("Replacement", "An account that took over when another one stopped."),
    ("Null model", "What innocent traffic would do, stated so that it can be disputed."),
    (
        "p-value",
        "The chance, under the null model, of something at least this extreme. It is not the "
        "probability that an account is innocent.",
    ),
    (
        "q-value",
        "The smallest false discovery rate at which the group is still reported.",
    ),
    (
        "Fact and inference",
        "A fact was counted and can be recounted from the logs. An inference is what the fact "
        "suggests; another explanation may fit.",
    ),
)


def headline(campaign: Campaign) -> str:
    """Return the finding in one sentence."""
    share = percent(campaign.harvested_exchanges, campaign.exchanges)
    return (
        f"{count(campaign.accounts, 'account')} acted together; "
        f"{campaign.harvested_exchanges:,} of their {count(campaign.exchanges, 'exchange')} "
        f"({share}) look like a harvest{_kinds(campaign)}{_target(campaign)}."
    )


def summary(run: Run) -> list[str]:
    """Return what the scan read and found, a sentence each."""
    accused = sum(c.accounts for c in run.campaigns)
    found = (
        f"It reports {count(len(run.campaigns), 'campaign')} with {count(accused, 'account')}."
        if run.campaigns
        else SHOWS_NO_ABSENCE
    )
    return [
        f"The scan read {count(run.exchanges, 'exchange')} of {count(run.accounts, 'account')}, "
        f"from {at(run.window_start)} to {at(run.window_end)} UTC.",
        found,
        *_asides(run),
    ]


def false_discovery(fdr: float) -> str:
    """Return what the false discovery rate promises, and what it does not."""
    return (
        f"The false discovery rate is {fdr:.3g}: of 1,000 groups reported as coordinated, about "
        f"{count(max(1, round(1000 * fdr)))} or fewer would be there by chance. It speaks of "
        "groups in the long run, not of any one account."
    )


def reason(code: str | None) -> str:
    """Return why a coordinated group is not accused."""
    if not code:
        return "No reason was recorded."
    return REASONS.get(code, clean(code, one_line=True).replace("_", " "))


def tested(item: EvidenceItem) -> str:
    """Return what stands in the place of a p-value where a rule counts rather than tests."""
    return "counted, not tested" if item.p_value is None else ""


def words(code: str) -> str:
    """Return an identifier such as `reasoning_elicitation` as words."""
    return clean(code, one_line=True).replace("_", " ")


def _kinds(campaign: Campaign) -> str:
    kinds = [words(kind).removesuffix(" harvest") for kind in campaign.harvest_kinds[:3]]
    return f" of {listing(kinds)}" if kinds else ""


def _target(campaign: Campaign) -> str:
    if not campaign.models:
        return ""
    model, exchanges = campaign.models[0]
    mostly = "" if exchanges >= campaign.exchanges else "mostly "
    return f", {mostly}from {clean(model, one_line=True)}"


def _asides(run: Run) -> list[str]:
    asides = []
    if run.coordinated_groups:
        verb = "acts" if run.coordinated_groups == 1 else "act"
        asides.append(
            f"{count(run.coordinated_groups, 'more group')} {verb} as one but "
            f"{'is' if run.coordinated_groups == 1 else 'are'} not accused."
        )
    if run.rejects:
        verb = "was" if run.rejects == 1 else "were"
        asides.append(f"{count(run.rejects, 'record')} could not be read and {verb} left out.")
    return asides

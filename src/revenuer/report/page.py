"""The whole page: one self-contained file, the same bytes for the same run.

Everything is inside: style, script, charts, and Plotly's own script from its package (the package
ships the full bundle only, 4.8 MB). A content policy in the head names the two scripts by digest
and forbids all else, so that neither a text that slipped through nor a script reaches the network.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import Any

from revenuer.html import Column, Html, bullets, join, log, style, table, tag
from revenuer.report import appendix, campaign, figures
from revenuer.report.run import Run, rows_of, signals_of
from revenuer.report.sentences import (
    OPEN_TO_APPEAL,
    false_discovery,
    summary,
    words,
)
from revenuer.tables import CAMPAIGN_ACTIVITY, CAMPAIGN_TIES, MEMBERS
from revenuer.text import at, count, small


def build(run: Run) -> str:
    """Return the page of a run.

    Raises:
        RunError: A table of the run is missing or damaged.
    """
    articles = _articles(run)
    charts = {name: chart for one in articles for name, chart in one.charts.items()}
    main = tag(
        "main",
        _summary(run),
        _campaigns(run),
        *(one.markup for one in articles),
        appendix.coordinated(run),
        appendix.rejects(run),
        appendix.glossary(),
        id="main",
    )
    body = tag(
        "body",
        tag("a", "Skip to the findings", href="#main", class_="skip"),
        tag(
            "header",
            tag("h1", "Report on a scan"),
            tag("p", f"{at(run.window_start)} – {at(run.window_end)} UTC", class_="note"),
        ),
        main,
        _scripts(charts),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(), body, lang='en')}\n"


def _articles(run: Run) -> list[campaign.Article]:
    members, activity, ties = (
        run.table(one) for one in (MEMBERS, CAMPAIGN_ACTIVITY, CAMPAIGN_TIES)
    )
    return [
        campaign.article(
            one,
            campaign.Traces(*(rows_of(t, one.campaign_id) for t in (members, activity, ties))),
            number=i,
        )
        for i, one in enumerate(run.campaigns, start=1)
    ]


def _summary(run: Run) -> Html:
    return tag(
        "section",
        tag("h2", "Summary", id="summary-title"),
        *(
            tag("p", sentence, class_="lead" if i < 2 else None)
            for i, sentence in enumerate(summary(run))
        ),
        tag("p", false_discovery(run.fdr)),
        tag("p", tag("strong", OPEN_TO_APPEAL)),
        tag("h3", "What was not available") if run.unavailable else None,
        bullets(run.unavailable),
        aria_labelledby="summary-title",
    )


def _campaigns(run: Run) -> Html:
    columns = (
        Column("Campaign"),
        Column("Accounts", is_number=True),
        Column("Exchanges", is_number=True),
        Column("Harvested", is_number=True),
        Column("q-value", is_number=True),
        Column("What is harvested"),
        Column("Tied by"),
        Column("First exchange, UTC"),
        Column("Last exchange, UTC"),
    )
    rows = (
        (
            tag("a", log(one.campaign_id), href=f"#campaign-{i}"),
            count(one.accounts),
            count(one.exchanges),
            count(one.harvested_exchanges),
            small(one.q_value),
            ", ".join(words(kind) for kind in one.harvest_kinds),
            ", ".join(words(signal) for signal in signals_of(one)),
            at(one.window_start),
            at(one.window_end),
        )
        for i, one in enumerate(run.campaigns, start=1)
    )
    return tag(
        "section",
        tag("h2", "Campaigns", id="campaigns-title"),
        table("Campaigns, strongest first", columns, rows)
        if run.campaigns
        else tag("p", "None at this false discovery rate."),
        id="campaigns",
        aria_labelledby="campaigns-title",
    )


def _head() -> Html:
    digests = " ".join(f"'{_digest(script)}'" for script in (_plotly(), _static("report.js")))
    policy = (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", "Report on a scan – revenuer"),
        style(),
    )


def _scripts(charts: dict[str, figures.Figure]) -> Html:
    if not charts:
        return Html("")
    return join(
        [
            tag("script", _json(charts), type="application/json", id="charts"),
            tag("script", Html(_plotly())),
            tag("script", Html(_static("report.js"))),
        ]
    )


def _json(value: Any) -> Html:
    plain = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    # Inside a script element only `<` can end it; as an escape it is the same JSON.
    return Html(plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def _static(name: str) -> str:
    return (resources.files("revenuer.report") / "static" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
